// What Docker's API says of one container that runs and is well.

export function inspected() {
  return {
    Id: 'c0ffee',
    Name: '/shop-r42-web-1',
    RestartCount: 0,
    State: {
      Status: 'running',
      ExitCode: 0,
      Error: '',
      OOMKilled: false,
      Pid: 4711,
      StartedAt: '2026-02-01T10:00:00.123456789Z',
      Health: { Status: 'healthy', FailingStreak: 0, Log: [{ ExitCode: 0, Output: 'ok' }] },
    },
    Config: {
      Labels: {
        'com.docker.compose.project': 'shop-r42',
        'com.docker.compose.service': 'web',
        'com.docker.compose.oneoff': 'False',
      },
      Tty: false,
      Env: ['PASSWORD=hunter2222'],
      Healthcheck: { Test: ['CMD', 'true'] },
    },
    HostConfig: { NetworkMode: 'shop_default', RestartPolicy: { Name: 'unless-stopped' } },
    NetworkSettings: { Ports: { '8000/tcp': [{ HostIp: '0.0.0.0', HostPort: '8000' }] } },
  };
}

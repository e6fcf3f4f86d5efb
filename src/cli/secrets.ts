// What must never be printed although it is known: parts of an address that holds a password.

/** The address, and its password as it is written there and as it is meant; nothing of one without a password. */
export function secretsOf(address: string): readonly string[] {
  const password = URL.parse(address)?.password ?? '';
  if (password === '') return [];
  return [address, password, meant(password)];
}

/** Of a whole environment: what is named like a secret, and every address with a password. */
export function secretsOfEnvironment(env: Readonly<Record<string, string | undefined>>) {
  return Object.entries(env).flatMap(([name, value = '']) =>
    /TOKEN|SECRET|PASSWORD/i.test(name) && value.length >= 8 ? [value] : secretsOf(value),
  );
}

function meant(password: string): string {
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}

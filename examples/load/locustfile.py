# Load for a promotion: people who read much and write little, told apart by the release that answered them.
# Run by locust 2.x; README.md beside this file says how to read it.
from collections import Counter

from locust import HttpUser, between, events, task

# Answers by release, as the header that bgctl.yml names under traffic.identity says it.
releases = Counter()


class Visitor(HttpUser):
    # A person thinks; without a pause fifty users are a benchmark, not fifty people.
    wait_time = between(1, 3)

    @task(8)
    def read(self):
        self.client.get("/api/v1/items/", name="read")

    @task(1)
    def health(self):
        self.client.get("/api/v1/utils/health-check/", name="health")

    @task(1)
    def write(self):
        item = {"title": "made by locust"}
        with self.client.post("/api/v1/items/", json=item, name="write", catch_response=True) as answer:
            # Without a login it is refused, and a refusal in time is service: only 5xx and silence are failures.
            if 0 < answer.status_code < 500:
                answer.success()


@events.request.add_listener
def count_release(response, exception, **_):
    # An answer that never came has no headers, and is a failure in locust's own table.
    if exception is None:
        releases[response.headers.get("x-bgctl-environment", "(not named)")] += 1


@events.quitting.add_listener
def conclude(environment, **_):
    for release, answers in sorted(releases.items()):
        print(f"{answers:8} answers from {release}")
    # bgctl promises that a switch loses nothing: one failure fails the run.
    total = environment.stats.total
    environment.process_exit_code = 1 if total.num_failures or not total.num_requests else 0

"""Runs scim2-tester against a server: URL, token, and the domain of the addresses that users are made with.

What it cannot know, it is told: that a userName here is an address and how passwords have to be, for which it would make
random text; and that the name of a member, which is read-only, is the server's to say, where it compares members whole.
"""

import json
import sys
import uuid

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server, filling
from scim2_tester.checkers import patch_add, patch_replace

url, token, domain = sys.argv[1:]

EXAMPLES = {
    "user_name": lambda: f"{uuid.uuid4()}@{domain}",
    "password": lambda: f"Correct1horse-{uuid.uuid4()}",
}
declared = filling.get_random_example_value


def example(path):
    binding = path.resolve()
    make = EXAMPLES.get(binding.target_field_name) if binding else None
    return make() if make else declared(path)


def nameless(value):
    if isinstance(value, list):
        return [nameless(one) for one in value]
    return value.model_copy(update={"display": None}) if type(value).__name__ == "Members" else value


equality = patch_add.fields_equality


def equal(expected, actual):
    return equality(nameless(expected), nameless(actual))


filling.get_random_example_value = example
patch_add.fields_equality = patch_replace.fields_equality = equal
client = SyncSCIMClient(Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60))
results = check_server(client)
wrong = [
    {"title": result.title, "resource": result.resource_type, "status": result.status.name, "reason": result.reason}
    for result in results
    if result.status in (Status.ERROR, Status.CRITICAL, Status.DEVIATION)
]
skipped = [f"{result.title} {result.resource_type}" for result in results if result.status == Status.SKIPPED]
print(json.dumps({"checks": len(results), "wrong": wrong, "skipped": skipped}))

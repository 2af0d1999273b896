"""What the files of cases share: a client, contents, and a runner that prints each name and fails on the first fault."""
import hashlib, sys, time
import boto3
from botocore.client import Config
from botocore.exceptions import ClientError

URL = sys.argv[1]
CONFIG = Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 1})
s3 = boto3.client("s3", endpoint_url=URL, config=CONFIG)
UNIT = 5 << 20


def noise(length, seed=1):
    block = b"".join(hashlib.sha256(b"%d %d" % (seed, i)).digest() for i in range(256))
    return (block * (length // len(block) + 1))[:length]


def fails(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        found = error.response["Error"]["Code"]
        assert found == code, f"{found} is not {code}"
        return error.response
    raise AssertionError(f"{code} was expected")


def run(names):
    """All cases but those that the arguments from the fourth on name."""
    for name, case in list(names.items()):
        if name.startswith("case_") and name not in sys.argv[4:]:
            begun = time.monotonic()
            case()
            print(f"{name[5:]} {time.monotonic() - begun:.2f} s", flush=True)

"""Makes an organization on a moto server, with a role in each account: organization.py ENDPOINT_URL

Prints one JSON object: the root and its units by name, and the accounts by name, each with its id and with credentials of
its role as environment variables. The account `old` is closed.
"""

import json
import sys

import boto3

ROLE = "DriftgateAudit"
# Each with the unit that it lies in.
MEMBERS = {"orders": None, "orders-test": "Sandbox", "play": "Deeper", "old": None}


def main():
    endpoint_url = sys.argv[1]

    def client(service, environment=None):
        names = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"]
        keys = {name: environment[name.upper()] for name in names} if environment else {}
        return boto3.client(service, endpoint_url=endpoint_url, region_name="us-east-1", **keys)

    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    units = {None: organizations.list_roots()["Roots"][0]["Id"]}
    for name, parent in [("Sandbox", None), ("Deeper", "Sandbox")]:
        unit = organizations.create_organizational_unit(ParentId=units[parent], Name=name)
        units[name] = unit["OrganizationalUnit"]["Id"]

    ids = {"management": client("sts").get_caller_identity()["Account"]}
    for name, unit in MEMBERS.items():
        status = organizations.create_account(AccountName=name, Email=f"{name}@accounts.example")["CreateAccountStatus"]
        ids[name] = status["AccountId"]
        if unit:
            organizations.move_account(
                AccountId=ids[name], SourceParentId=units[None], DestinationParentId=units[unit]
            )

    accounts = {}
    for name, account in ids.items():
        role = f"arn:aws:iam::{account}:role/{ROLE}"
        keys = client("sts").assume_role(RoleArn=role, RoleSessionName="fleet")["Credentials"]
        environment = {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }
        trust = {"Version": "2012-10-17", "Statement": []}
        client("iam", environment).create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust))
        accounts[name] = {"id": account, "environment": environment}
    organizations.close_account(AccountId=ids["old"])
    json.dump({"root": units.pop(None), "units": units, "accounts": accounts}, sys.stdout)


if __name__ == "__main__":
    main()

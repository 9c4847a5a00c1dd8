"""Fills a moto server with a fleet of APIs and stages: fleet.py ENDPOINT_URL SEED REGION...

The seed decides every setting; moto draws the identifiers itself. Stage names are plain: AWS allows no others. Some
settings are such that AWS would refuse them and moto does not (a logging level on an HTTP API, an empty ARN), because
an auditor must not be led astray by them either.
"""

import random
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3

APIS_IN_EACH_REGION = 22
OTHER_ACCOUNT = "999999999999"

PLAIN_API_NAMES = ["orders", "checkout", "pets-2"]
ODD_API_NAMES = ["Legacy Billing", "größe", "注文-api", "caffè ☕", "star*fleet?", 'a"b\\c', "x\u202ey"]
API_NAMES = PLAIN_API_NAMES + ODD_API_NAMES
STAGE_NAMES = ["$default", "prod", "dev", "test", "live-1", "scratch-1", "v2_beta"]
OWNERS = ["team-orders", "Zoë", "TODO", ""]
HTTP_ROUTES = ["$default", "ANY /{proxy+}", "GET /pets", "GET /v1.0/items", "POST /größe/{id}"]
WEBSOCKET_ROUTES = ["$connect", "$default", "$disconnect", "send.message", "überweisung"]
LOG_FORMATS = [
    '{"id":"$context.requestId","status":"$context.status"}',
    "$context.requestId $context.status",
    "$context.status",
    "",
]


class Generator:
    """Draws settings; a setting that is drawn as None is left out of the request."""

    def __init__(self, seed, account, region):
        self.random = random.Random(f"{seed} {region}")
        self.account = account
        self.region = region

    def chance(self, probability):
        return self.random.random() < probability

    def api(self, protocol, name):
        gold = {"tier": "gold"}
        settings = {
            "Name": name,
            "ProtocolType": protocol,
            "RouteSelectionExpression": "$request.body.action" if protocol == "WEBSOCKET" else None,
            "Description": self.random.choice([None, "Takes orders", "für alle"]),
            "DisableExecuteApiEndpoint": self.random.choice([None, False, True]),
            "Tags": self.random.choice([None, {}, gold, gold | {"größe": "L"}, {"tier": "silver"}]),
            "CorsConfiguration": self.cors() if protocol == "HTTP" and self.chance(0.6) else None,
        }
        return without_none(settings)

    def cors(self):
        origins = [None, [], ["*"], ["https://a.example"], ["https://a.example", "http://b.example"]]
        settings = {
            "AllowCredentials": self.random.choice([None, False, True]),
            "AllowMethods": self.random.choice([None, ["GET"], ["*"], ["GET", "*"]]),
            "AllowOrigins": self.random.choice(origins),
        }
        return without_none(settings)

    def stage(self, protocol, api_name, stage_name):
        websocket = protocol == "WEBSOCKET"
        settings = {
            "StageName": stage_name,
            "AutoDeploy": self.random.choice([None, False, True]),
            "AccessLogSettings": self.access_log(api_name) if self.chance(0.7) else None,
            "DefaultRouteSettings": self.route(websocket, sparse=False) if self.chance(0.8) else None,
            "RouteSettings": self.routes(websocket) if self.chance(0.6) else None,
            "StageVariables": self.variables(stage_name) if self.chance(0.6) else None,
            "Tags": self.tags() if self.chance(0.8) else None,
        }
        return without_none(settings)

    def access_log(self, api_name):
        account = OTHER_ACCOUNT if self.chance(0.1) else self.account
        region = "sa-east-1" if self.chance(0.1) else self.region
        own = [api_name, f"{api_name}/stage", f"{api_name}-old", api_name.replace("*", "xyz")]
        group = self.random.choice([f"/apigw/{name}" for name in own] + ["/apigw/shared", "/aws/lambda/x", "/apigw"])
        suffix = ":*" if self.chance(0.4) else ""
        arn = f"arn:aws:logs:{region}:{account}:log-group:{group}{suffix}"
        settings = {
            "DestinationArn": "" if self.chance(0.1) else arn,
            "Format": None if self.chance(0.1) else self.random.choice(LOG_FORMATS),
        }
        return without_none(settings)

    def route(self, websocket, sparse):
        set_one = 0.35 if sparse else 0.8
        settings = {
            "ThrottlingBurstLimit": self.random.choice([0, 1, 100, 100, 500, 501, 5000]),
            "ThrottlingRateLimit": self.random.choice([0.0, 0.5, 50.0, 50.0, 1000.0, 1000.5, 10000.0]),
            "DetailedMetricsEnabled": self.chance(0.6),
        }
        if websocket or self.chance(0.1):
            settings["DataTraceEnabled"] = self.chance(0.7)
            settings["LoggingLevel"] = self.random.choice(["OFF", "ERROR", "INFO", "INFO", ""])
        return {name: value for name, value in settings.items() if self.chance(set_one)}

    def routes(self, websocket):
        keys = WEBSOCKET_ROUTES if websocket else HTTP_ROUTES
        chosen = self.random.sample(keys, self.random.randint(1, len(keys)))
        return {key: self.route(websocket, sparse=True) for key in chosen}

    def variables(self, stage_name):
        number = self.random.randrange(20)  # so few that some values come twice
        variables = {
            "environment": self.random.choice([stage_name, stage_name, "prod", ""]),
            "backend": self.random.choice(["https://backend.example/größe?a=1&b=<2>", "10.0.0.1"]),
            "token": self.random.choice([f"AKIA{number}", f"AKIA{number}", f"ghp_{number}", "${ssm:token}", ""]),
            "colour": "blau-grün",
        }
        return {name: value for name, value in variables.items() if self.chance(0.5)}

    def tags(self):
        tags = {
            "owner": self.random.choice(OWNERS),
            "cost-center": self.random.choice(["4711", "", "todo: ask"]),
            "cost-größe": self.random.choice(["XL", ""]),
            "env": self.random.choice(["dev", "test", "prod", "Dev"]),
            "aws:cloudformation:stack-name": "TODO-stack",
        }
        return {key: value for key, value in tags.items() if self.chance(0.6)}


def without_none(settings):
    return {name: value for name, value in settings.items() if value is not None}


def fill(endpoint_url, seed, region):
    client = boto3.client("apigatewayv2", endpoint_url=endpoint_url, region_name=region)
    account = boto3.client("sts", endpoint_url=endpoint_url, region_name=region).get_caller_identity()["Account"]
    generator = Generator(seed, account, region)
    for number in range(APIS_IN_EACH_REGION):
        protocol = "WEBSOCKET" if number % 5 in (1, 3) else "HTTP"
        name = API_NAMES[number % len(API_NAMES)]
        api_id = client.create_api(**generator.api(protocol, name))["ApiId"]
        # Every seventh API is empty, as one is between its creation and its first stage.
        count = 0 if number % 7 == 6 else generator.random.randint(2, 5)
        for stage_name in generator.random.sample(STAGE_NAMES, count):
            client.create_stage(ApiId=api_id, **generator.stage(protocol, name, stage_name))


def main():
    endpoint_url, seed, *regions = sys.argv[1:]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda region: fill(endpoint_url, seed, region), regions))


if __name__ == "__main__":
    main()

"""Decides the rules of policy.yaml by hand, from what boto3 reads: oracle.py ENDPOINT_URL REGION...

Prints one JSON object: the APIs and stages, the counts of an audit, and every violation as [rule, region, API id,
stage, route, path, actual], sorted. It is written against the contract and shares nothing with driftgate: a rule is a
function that returns NO_MATCH, NOT_APPLICABLE or its violations as (route, path, actual).
"""

import json
import re
import sys

import boto3

NO_MATCH = "its match does not hold"
NOT_APPLICABLE = "the protocol lacks all of it"


class Stage:
    """A stage and its API, as boto3 read them; what is unset is left out."""

    def __init__(self, account, region, api, stage):
        self.account = account
        self.region = region
        self.api = api
        self.settings = stage
        self.name = stage["StageName"]
        self.websocket = api["ProtocolType"] == "WEBSOCKET"
        self.tags = set_values(stage.get("Tags", {}))
        self.api_tags = set_values(api.get("Tags", {}))
        self.variables = set_values(stage.get("StageVariables", {}))
        self.default = set_values(stage.get("DefaultRouteSettings", {}))
        self.routes = {key: set_values(entry) for key, entry in stage.get("RouteSettings", {}).items()}

    def is_gold(self):
        return self.api_tags.get("tier") == "gold"

    def log_group_prefix(self):
        return f"arn:aws:logs:{self.region}:{self.account}:log-group:/apigw/"

    def access_log(self, member):
        return self.settings.get("AccessLogSettings", {}).get(member) or None

    def destination(self):
        """The log group, which API Gateway knows without the `:*` that CloudWatch Logs appends."""
        arn = self.access_log("DestinationArn")
        return arn.removesuffix(":*") if arn else ""


def set_values(mapping):
    """What is set: AWS returns nothing, or an empty text, for the rest."""
    return {key: value for key, value in mapping.items() if value not in (None, "")}


def each_route(stage, member, unset, is_good):
    """The default, and each entry that sets the member: what an entry leaves out is the default's concern."""
    failing = []
    if not is_good(stage.default.get(member, unset)):
        failing.append((None, f"DefaultRouteSettings.{member}", stage.default.get(member, unset)))
    for key, entry in stage.routes.items():
        if member in entry and not is_good(entry[member]):
            failing.append((key, f"RouteSettings.{key}.{member}", entry[member]))
    return failing


def access_log(stage):
    failing = []
    if not stage.destination().startswith(stage.log_group_prefix()):
        failing.append((None, "AccessLogSettings.DestinationArn", stage.access_log("DestinationArn")))
    if "$context.requestId" not in (stage.access_log("Format") or ""):
        failing.append((None, "AccessLogSettings.Format", stage.access_log("Format")))
    return failing


def own_log_group(stage):
    if not stage.is_gold():
        return NO_MATCH
    own = stage.log_group_prefix() + stage.api["Name"]
    if stage.destination() == own or stage.destination().startswith(own + "/"):
        return []
    return [(None, "AccessLogSettings.DestinationArn", stage.access_log("DestinationArn"))]


def throttle(stage):
    burst = each_route(stage, "ThrottlingBurstLimit", None, lambda burst: burst is not None and 1 <= burst <= 500)
    rate = each_route(stage, "ThrottlingRateLimit", None, lambda rate: rate is not None and 0 < rate <= 1000)
    return burst + rate


def metrics(stage):
    if stage.name not in ("prod", "$default"):
        return NO_MATCH
    return each_route(stage, "DetailedMetricsEnabled", False, lambda enabled: enabled)


def execution_log(stage):
    if not stage.websocket:
        return NOT_APPLICABLE
    return each_route(stage, "LoggingLevel", "OFF", lambda level: level in ("ERROR", "INFO"))


def payload_trace(stage):
    if not stage.websocket:
        return NOT_APPLICABLE

    def writes_payloads(settings):
        return settings.get("DataTraceEnabled", False) and settings.get("LoggingLevel", "OFF") in ("ERROR", "INFO")

    failing = []
    if writes_payloads(stage.default):
        failing.append((None, "DefaultRouteSettings", stage.default))
    for key, entry in stage.routes.items():
        in_force = stage.default | entry
        if writes_payloads(in_force) and ("DataTraceEnabled" in entry or "LoggingLevel" in entry):
            failing.append((key, f"RouteSettings.{key}", in_force))
    return failing


def tags(stage):
    failing = []
    if "owner" not in stage.tags:
        failing.append((None, "Tags.owner", None))
    if not any(key.startswith("cost-") for key in stage.tags):
        failing.append((None, "Tags.cost-*", None))
    return failing


def tag_values(stage):
    return [
        (None, f"Tags.{key}", value)
        for key, value in stage.tags.items()
        if "todo" in value.lower() and not key.startswith("aws:")
    ]


def closed_endpoint(stage):
    if not stage.is_gold():
        return NO_MATCH
    closed = stage.api.get("DisableExecuteApiEndpoint", False)
    return [] if closed else [(None, "api.DisableExecuteApiEndpoint", closed)]


def deployed_by_hand(stage):
    deploys_itself = stage.settings.get("AutoDeploy", False)
    if not deploys_itself or stage.tags.get("env") in ("dev", "test"):
        return []
    return [(None, None, None)]


def api_name(stage):
    failing = []
    if not re.fullmatch("[a-z0-9-]+", stage.api["Name"]):
        failing.append((None, "api.Name", stage.api["Name"]))
    if not stage.api.get("Description"):
        failing.append((None, "api.Description", None))
    return failing


def cors(stage):
    if stage.websocket:
        return NOT_APPLICABLE
    settings = stage.api.get("CorsConfiguration", {})
    methods, origins = settings.get("AllowMethods", []), settings.get("AllowOrigins", [])
    failing = []
    if settings.get("AllowCredentials", False):
        failing.append((None, "api.CorsConfiguration.AllowCredentials", True))
    if "*" in methods:
        failing.append((None, "api.CorsConfiguration.AllowMethods", methods))
    if not all(origin.startswith("https://") for origin in origins):
        failing.append((None, "api.CorsConfiguration.AllowOrigins", origins))
    return failing


def variable_values(stage):
    return [
        (None, f"StageVariables.{key}", value)
        for key, value in stage.variables.items()
        if value.startswith(("AKIA", "ghp_"))
    ]


def variable_environment(stage):
    if "environment" not in stage.variables:
        return NO_MATCH
    environment = stage.variables["environment"]
    return [] if environment == stage.name else [(None, "StageVariables.environment", environment)]


RULES = {
    "moto/access-log": access_log,
    "moto/own-log-group": own_log_group,
    "moto/throttle": throttle,
    "moto/metrics": metrics,
    "moto/execution-log": execution_log,
    "moto/payload-trace": payload_trace,
    "moto/tags": tags,
    "moto/tag-values": tag_values,
    "moto/closed-endpoint": closed_endpoint,
    "moto/deployed-by-hand": deployed_by_hand,
    "moto/api-name": api_name,
    "moto/cors": cors,
    "moto/variable-values": variable_values,
    "moto/variable-environment": variable_environment,
}


def read(endpoint_url, region):
    """The APIs of a Region, and all their stages."""

    def client(service):
        return boto3.client(service, endpoint_url=endpoint_url, region_name=region)

    account = client("sts").get_caller_identity()["Account"]
    gateway = client("apigatewayv2")
    apis = gateway.get_apis()["Items"]
    stages = [
        Stage(account, region, api, stage)
        for api in apis
        for stage in gateway.get_stages(ApiId=api["ApiId"])["Items"]
    ]
    return apis, stages


def main():
    endpoint_url, *regions = sys.argv[1:]
    counts = dict(governed=0, checks=0, not_applicable=0)
    apis, stages, violations = [], [], []
    for region in regions:
        read_apis, read_stages = read(endpoint_url, region)
        apis += [[region, api["ApiId"]] for api in read_apis]
        for stage in read_stages:
            place = [region, stage.api["ApiId"], stage.name]
            named = dict(account=stage.account, api_name=stage.api["Name"], protocol=stage.api["ProtocolType"])
            arn = f"arn:aws:apigateway:{region}::/apis/{stage.api['ApiId']}/stages/{stage.name}"
            stages.append(dict(region=region, api_id=stage.api["ApiId"], name=stage.name, arn=arn, **named))
            scratch = stage.name.startswith("scratch-")
            answers = {} if scratch else {rule: decide(stage) for rule, decide in RULES.items()}
            matched = [answer for answer in answers.values() if answer != NO_MATCH]
            counts["checks"] += len(matched)
            counts["not_applicable"] += matched.count(NOT_APPLICABLE)
            counts["governed"] += any(answer != NOT_APPLICABLE for answer in matched)
            for rule, answer in answers.items():
                if answer not in (NO_MATCH, NOT_APPLICABLE):
                    violations += [[rule, *place, *failing] for failing in answer]
    violations.sort(key=json.dumps)
    json.dump(dict(apis=apis, stages=stages, counts=counts, violations=violations), sys.stdout)


if __name__ == "__main__":
    main()

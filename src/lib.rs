//! driftgate audits Amazon API Gateway V2 stages against YAML policies.

//! The contents of the documents, and their validity for IAM and CloudFormation.

use serde_yaml::Value as Yaml;

use super::*;

fn setup(region: &str) -> Setup {
    Setup {
        region: Some(region.to_owned()),
        role: Role {
            name: "DriftgateAudit".to_owned(),
            external_id: Some("s3:cret".to_owned()),
        },
        accounts: Vec::new(),
        organization: false,
        units: false,
        all_regions: false,
    }
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_role_may_read_three_paths_and_nothing_else() {
    for (region, partition) in [
        ("us-east-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
    ] {
        let apis = format!("arn:{partition}:apigateway:*::/apis");
        let resources = [
            apis.clone(),
            format!("{apis}/*/stages"),
            format!("{apis}/*/stages/*"),
        ];
        let statement =
            json!({"Effect": "Allow", "Action": "apigateway:GET", "Resource": resources});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
        assert_eq!(read(&setup(region).role_policy()), policy);
    }
}

#[test]
fn all_regions_need_the_call_that_the_partition_has() {
    for (region, action) in [
        ("eu-west-1", "account:ListRegions"),
        ("us-gov-west-1", "ec2:DescribeRegions"),
    ] {
        let policy = read(
            &Setup {
                all_regions: true,
                ..setup(region)
            }
            .role_policy(),
        );
        assert_eq!(
            policy["Statement"][1],
            json!({"Effect": "Allow", "Action": action, "Resource": "*"})
        );
        assert_eq!(policy["Statement"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn unknown_values_are_placeholders_that_aws_refuses() {
    let trust = read(&setup("cn-north-1").trust_policy());
    assert_eq!(
        trust["Statement"][0]["Principal"]["AWS"],
        "arn:aws-cn:iam::<AUDIT-ACCOUNT-ID>:root"
    );
    assert_eq!(
        trust["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"],
        "s3:cret"
    );
    assert_eq!(trust["Statement"][0]["Action"], "sts:AssumeRole");
    let role = Role {
        name: "DriftgateAudit".to_owned(),
        external_id: None,
    };
    let trust = read(
        &Setup {
            role,
            ..setup("us-east-1")
        }
        .trust_policy(),
    );
    assert_eq!(
        trust["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"],
        "<EXTERNAL-ID>"
    );
}

#[test]
fn the_caller_needs_what_the_flags_need() {
    let one = read(&setup("us-east-1").caller_policy());
    assert_eq!(
        one["Statement"],
        json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/DriftgateAudit"}])
    );
    let accounts = ["111122223333", "444455556666"].map(str::to_owned).to_vec();
    let named = read(
        &Setup {
            accounts,
            ..setup("us-east-1")
        }
        .caller_policy(),
    );
    assert_eq!(
        named["Statement"][0]["Resource"][1],
        "arn:aws:iam::444455556666:role/DriftgateAudit"
    );
    let units = read(
        &Setup {
            organization: true,
            units: true,
            ..setup("us-east-1")
        }
        .caller_policy(),
    );
    let lists = [
        "ListAccounts",
        "ListAccountsForParent",
        "ListOrganizationalUnitsForParent",
    ];
    let lists = lists.map(|name| format!("organizations:{name}"));
    assert_eq!(
        units["Statement"][1],
        json!({"Effect": "Allow", "Action": lists, "Resource": "*"})
    );
}

/// YAML with the values of CloudFormation's functions.
fn plain(value: &Yaml) -> Value {
    match value {
        Yaml::Tagged(tagged) => plain(&tagged.value),
        Yaml::Mapping(map) => map
            .iter()
            .map(|(key, value)| (key.as_str().unwrap().to_owned(), plain(value)))
            .collect(),
        Yaml::Sequence(items) => items.iter().map(plain).collect(),
        other => serde_json::to_value(other).unwrap(),
    }
}

#[test]
fn the_template_makes_the_role_that_the_policies_describe() {
    let forgotten = regex::Regex::new("@[A-Z_]+@").unwrap();
    for all_regions in [false, true] {
        let setup = Setup {
            all_regions,
            ..setup("us-east-1")
        };
        let text = setup.stack_set();
        assert!(!forgotten.is_match(&text), "{text}");
        let template = plain(&serde_yaml::from_str(&text).unwrap());
        let role = &template["Resources"]["AuditRole"]["Properties"];
        let policy = read(
            &setup
                .role_policy()
                .replace("arn:aws:", "arn:${AWS::Partition}:"),
        );
        let inline = &role["Policies"][0]["PolicyDocument"];
        let listed = |policy: &Value| {
            let all =
                policy["Statement"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .cloned()
                    .map(|mut statement| {
                        if statement["Resource"].is_string() {
                            statement["Resource"] = json!([statement["Resource"]]);
                        }
                        statement
                    });
            all.collect::<Vec<_>>()
        };
        assert_eq!(listed(inline), listed(&policy));
        let trust = setup
            .trust_policy()
            .replace("arn:aws:", "arn:${AWS::Partition}:");
        let trust = trust
            .replace("<AUDIT-ACCOUNT-ID>", "${AuditAccountId}")
            .replace("s3:cret", "ExternalId");
        assert_eq!(role["AssumeRolePolicyDocument"], read(&trust));
        assert_eq!(
            template["Parameters"]["RoleName"]["Default"],
            "DriftgateAudit"
        );
        assert_eq!(template["Parameters"]["ExternalId"]["Default"], "s3:cret");
    }
}

#[test]
fn several_actions_of_a_statement_are_a_list_of_the_template() {
    let at = Subject {
        account: None,
        region: None,
        api_id: None,
        stage: None,
    };
    let lists = [Operation::ListRegions, Operation::DescribeRegions]
        .map(|call| Permission::of(call, at, None));
    let yaml: Yaml = serde_yaml::from_str(&template_statements(&lists)).unwrap();
    let actions = ["account:ListRegions", "ec2:DescribeRegions"];
    assert_eq!(
        plain(&yaml),
        json!([{"Effect": "Allow", "Action": actions, "Resource": ["*"]}])
    );
}

#[test]
fn a_role_with_a_path_and_an_external_id_that_is_yaml_are_taken_literally() {
    let role = Role {
        name: "audit/x/Reader".to_owned(),
        external_id: Some("a: \"b\" # c".to_owned()),
    };
    let template = plain(
        &serde_yaml::from_str(
            &Setup {
                role,
                ..setup("us-east-1")
            }
            .stack_set(),
        )
        .unwrap(),
    );
    assert_eq!(
        template["Resources"]["AuditRole"]["Properties"]["Path"],
        "/audit/x/"
    );
    assert_eq!(template["Parameters"]["RoleName"]["Default"], "Reader");
    assert_eq!(
        template["Parameters"]["ExternalId"]["Default"],
        "a: \"b\" # c"
    );
    let role = Role {
        name: "Reader".to_owned(),
        external_id: None,
    };
    let text = Setup {
        role,
        ..setup("us-east-1")
    }
    .stack_set();
    assert!(
        text.contains("ParameterKey=ExternalId,ParameterValue='<EXTERNAL-ID>'"),
        "{text}"
    );
    assert!(
        plain(&serde_yaml::from_str(&text).unwrap())["Parameters"]["ExternalId"]["Default"]
            .is_null()
    );
}

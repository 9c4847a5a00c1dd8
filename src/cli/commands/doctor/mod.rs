//! `driftgate doctor`: what can be audited from here, and which permission is missing.

mod groups;
mod remedy;
mod text;

use std::io::{self, Write};

use crate::cli::args::{Doctor, Global, IamDocument};
use crate::cli::pipeline::source::{self, FetchPlan, StageSource, runtime};
use crate::cli::stop::Stop;
use crate::cli::terminal::diagnostics;
use crate::cli::terminal::interrupt::Interrupt;
use crate::cli::terminal::output::{self, Target};
use crate::cli::terminal::wait::{CLOSING, waiting};
use crate::gate;
use crate::source::aws::iam::Setup;
use crate::source::aws::probe::{Examination, examine};
use crate::source::aws::{self, Role, Selector};

/// Runs the command.
pub fn run(command: &Doctor, global: &Global, interrupt: &Interrupt) -> Result<u8, Stop> {
    if StageSource::of(&command.source)? != StageSource::Aws {
        return Err(Stop::usage(format!(
            "doctor examines AWS, and --from {} names a file.\nLeave it out, or write --from aws.",
            command.source.from
        )));
    }
    if let Some(document) = command.iam_policy {
        let setup = setup(command)?;
        output::write(&Target::Stdout, |out| documents(&setup, document, out))?;
        return Ok(gate::CONFORMS);
    }
    let mut request = source::aws_request(&command.source, FetchPlan::all())?;
    // A permission that only another shard needs is missing as well.
    request.shard = None;
    let runtime = runtime()?;
    interrupt.heed();
    let (canceller, examination) = examine(request);
    interrupt.then(move || canceller.cancel());
    let stop = |error: aws::Error| {
        if error.is_usage() {
            Stop::usage(error)
        } else {
            Stop::failed(error)
        }
    };
    // On a thread of the runtime: reading a file of credentials may block.
    let examination = runtime.spawn(examination);
    let found = {
        let _waiting = waiting(CLOSING);
        runtime
            .block_on(examination)
            .map_err(|_| Stop::failed("the examination stopped unexpectedly."))?
    };
    let found = found.map_err(stop)?;
    if !global.quiet {
        let external_id = command.source.accounts.external_id.as_deref();
        output::page(|page| text::render(&found, external_id, page))?;
    }
    if let Some(signal) = interrupt.signal() {
        return Ok(signal.code());
    }
    match &found.failed {
        Some(error) => {
            diagnostics::error(&error.to_string());
            Ok(gate::FAILED)
        }
        None if found.unknown_credentials => Ok(gate::FAILED),
        None if is_whole(&found) => Ok(gate::CONFORMS),
        None => Ok(gate::INCOMPLETE),
    }
}

/// True if everything requested can be audited.
fn is_whole(found: &Examination) -> bool {
    let examined = found
        .accounts
        .iter()
        .any(|account| !account.regions.is_empty());
    found.troubles.is_empty() && examined && found.accounts.iter().all(groups::is_whole)
}

/// The set-up that the flags describe; a name of an account may mean any.
fn setup(command: &Doctor) -> Result<Setup, Stop> {
    let (source, flags) = (&command.source, &command.source.accounts);
    let selectors = |flag: &str, texts: &[String]| -> Result<Vec<Selector>, Stop> {
        let selector = |text: &String| {
            text.parse()
                .map_err(|error| Stop::usage(format!("{flag}: {error}")))
        };
        texts.iter().map(selector).collect()
    };
    let included = selectors("--accounts", &flags.accounts)?;
    let excluded = selectors("--exclude-account", &flags.exclude_account)?;
    let ids: Option<Vec<String>> = included
        .iter()
        .map(|selector| match selector {
            Selector::Account(id) => Some(id.clone()),
            Selector::Unit(_) | Selector::Name(_) => None,
        })
        .collect();
    Ok(Setup {
        region: source
            .region
            .first()
            .cloned()
            .or_else(region_of_the_environment),
        role: Role {
            name: flags
                .role_name
                .clone()
                .unwrap_or_else(|| Role::NAME.to_owned()),
            external_id: flags.external_id.clone(),
        },
        accounts: ids.unwrap_or_default(),
        organization: flags.organization,
        units: included
            .iter()
            .chain(&excluded)
            .any(|selector| matches!(selector, Selector::Unit(_))),
        all_regions: source.all_regions,
    })
}

/// The default Region, which tells the partition with --all-regions.
fn region_of_the_environment() -> Option<String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|region| !region.is_empty());
    variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"))
}

/// Writes one document alone, or all of them.
fn documents(setup: &Setup, document: IamDocument, out: &mut dyn Write) -> io::Result<()> {
    match document {
        IamDocument::Policy => writeln!(out, "{}", setup.role_policy()),
        IamDocument::Trust => writeln!(out, "{}", setup.trust_policy()),
        IamDocument::Caller => writeln!(out, "{}", setup.caller_policy()),
        IamDocument::Stackset => write!(out, "{}", setup.stack_set()),
        IamDocument::All => {
            let role = &setup.role.name;
            section(
                out,
                &format!("Policy of the role {role}, in each account"),
                "Permissions to read what an audit reads. Add the audit's flags, since some need\n\
                 more: --all-regions here, --organization below. An audit of the caller's own\n\
                 account assumes no role: then the caller needs this policy alone.\n\
                 To print only this: --iam-policy=policy",
                &setup.role_policy(),
            )?;
            section(
                out,
                &format!("Trust policy of the role {role}"),
                "Insert the id of the account that driftgate runs in, and an external id of your\n\
                 choice, which the audit passes with --external-id.\n\
                 To print only this: --iam-policy=trust",
                &setup.trust_policy(),
            )?;
            section(
                out,
                "Policy of the caller that runs driftgate",
                "To print only this: --iam-policy=caller",
                &setup.caller_policy(),
            )?;
            section(
                out,
                &format!("CloudFormation StackSet that creates the role {role}"),
                "To print only this: --iam-policy=stackset > driftgate-audit.yaml",
                setup.stack_set().trim_end(),
            )
        }
    }
}

fn section(out: &mut dyn Write, title: &str, about: &str, document: &str) -> io::Result<()> {
    writeln!(out, "## {title}\n\n{about}\n\n{document}\n")
}

//! `driftgate demo`: an embedded control plane with a sample fleet, audited through the real AWS SDK.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cli::args::{Demo, Global};
use crate::cli::pipeline::judge::{Criteria, judge};
use crate::cli::pipeline::policies::{self, load_policies};
use crate::cli::pipeline::source::{self, may_match, runtime};
use crate::cli::stop::Stop;
use crate::cli::terminal::interrupt::Interrupt;
use crate::cli::terminal::output::{self, ReportOutput, Target};
use crate::emulator::{
    DEMO_REGIONS, Emulator, Fleet, GENERATED_REGIONS, HOME_ACCOUNT, HOME_REGION, Settings, Throttle,
};
use crate::model::Severity;
use crate::model::judgement::Judgement;
use crate::policy::Policies;
use crate::policy::read::tuning::Tuning;
use crate::policy::read::waiver::Waivers;
use crate::report::Run;
use crate::source::aws;
use crate::{check, gate};

/// Runs the command.
pub fn run(command: &Demo, global: &Global, interrupt: &Interrupt) -> Result<u8, Stop> {
    let runtime = runtime()?;
    interrupt.heed();
    let started = Instant::now();
    let emulator = runtime
        .block_on(Emulator::start(settings(command)))
        .map_err(|error| {
            Stop::failed(format!(
                "the control plane could not be started on 127.0.0.1: {error}"
            ))
        })?;
    if command.serve {
        return serve(&emulator, command, runtime, interrupt);
    }
    let reports = output::reports(&command.reports.report, global.quiet)?;
    let outputs: Vec<_> = reports.iter().map(|report| &report.to).collect();
    output::keep_apart(
        &outputs,
        global
            .run_file
            .iter()
            .map(|path| ("the run file", Path::new(path))),
    )?;
    let judgement = audit(command, &emulator, runtime, interrupt, &reports, started)?;
    if !global.quiet {
        epilogue(judgement.exit, &reports)?;
    }
    Ok(match judgement.signal {
        Some(signal) => signal.code(),
        None => gate::CONFORMS,
    })
}

/// Audits the sample fleet as `driftgate audit` would.
fn audit(
    command: &Demo,
    emulator: &Emulator,
    runtime: &'static tokio::runtime::Runtime,
    interrupt: &Interrupt,
    reports: &[ReportOutput],
    started: Instant,
) -> Result<Judgement, Stop> {
    let packs = ["builtin:foundation", "builtin:websocket"].map(str::to_owned);
    let policies = Arc::new(
        load_policies(&policies::LoadRequest {
            paths: &packs,
            tests: false,
            run_file: None,
            waivers: None,
            tuning: &Tuning::default(),
            named: "of the demo",
            consequence: "",
        })?
        .policies,
    );
    let state = source::open_aws(request(emulator, &policies), runtime, interrupt, false)?;
    let criteria = Criteria {
        policies: &policies,
        waivers: &Waivers::default(),
        options: check::Options {
            show_values: command.reports.show_values,
            ..check::Options::default()
        },
        tolerance: gate::Tolerance {
            fail_on: Some(Severity::Low),
            allow_incomplete: false,
            allow_empty: false,
            min_coverage: None,
        },
        passed_over: Vec::new(),
    };
    let run = Run {
        source: "the embedded control plane".to_owned(),
        ..Run::default()
    };
    let flags = &command.reports;
    judge(&criteria, state, flags, interrupt, (run, started), reports)
}

fn request(emulator: &Emulator, policies: &Arc<Policies>) -> aws::Request {
    aws::Request {
        regions: aws::Regions {
            named: DEMO_REGIONS.map(str::to_owned).to_vec(),
            ..aws::Regions::default()
        },
        endpoint_url: Some(emulator.endpoint_url()),
        credentials: Some(keys(emulator)),
        may_match: may_match(policies),
        rate: aws::Request::RATE,
        burst: aws::Request::BURST,
        concurrency: aws::Request::CONCURRENCY as usize,
        ..aws::Request::default()
    }
}

/// Writes the exit code of the audit, where it does not disturb a report for other tools.
fn epilogue(exit: u8, reports: &[ReportOutput]) -> Result<(), Stop> {
    let text = format!(
        "\nThis was the demo: a sample fleet on a control plane inside driftgate.\n\
         `driftgate audit` would have ended with exit code {exit}; the demo ends with 0.\n\
         Next: `driftgate demo --serve`, or `driftgate audit --help`."
    );
    let to_people = reports
        .iter()
        .any(|report| report.to == Target::Stdout && report.format.name == "text");
    if to_people {
        return output::write(&Target::Stdout, |out| writeln!(out, "{text}"));
    }
    // A closed stderr cannot be reported anywhere.
    let _ = writeln!(anstream::stderr(), "{text}");
    Ok(())
}

fn keys(emulator: &Emulator) -> aws::StaticCredentials {
    let environment = emulator.environment(HOME_ACCOUNT, HOME_REGION);
    let value = |name: &str| {
        environment
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    };
    aws::StaticCredentials {
        access_key_id: value("AWS_ACCESS_KEY_ID"),
        secret_access_key: value("AWS_SECRET_ACCESS_KEY"),
        session_token: None,
    }
}

fn settings(command: &Demo) -> Settings {
    let mut settings = Settings::demo();
    if let Some(apis) = command.apis {
        // The generated fleet is healthy: faults come from --fault.
        settings = Settings {
            fleet: Fleet::generated(
                usize::from(command.accounts),
                usize::from(command.regions),
                apis as usize,
                command.stages as usize,
                1,
            ),
            ..Settings::default()
        };
    }
    if let Some(size) = command.page_size {
        settings.page_size = usize::from(size);
    }
    // No one reads the log here, and it would grow for as long as the server runs.
    settings.log_arrivals = false;
    settings.port = command.port.unwrap_or(0);
    settings.latency = Duration::from_millis(command.latency);
    settings.throttle = command.throttle.then_some(Throttle::AWS);
    settings.faults.extend(command.fault.iter().cloned());
    settings
}

fn serve(
    emulator: &Emulator,
    command: &Demo,
    runtime: &tokio::runtime::Runtime,
    interrupt: &Interrupt,
) -> Result<u8, Stop> {
    let (account, region) = (HOME_ACCOUNT, HOME_REGION);
    let regions = match command.apis {
        Some(_) => GENERATED_REGIONS[..usize::from(command.regions)].join(", "),
        None => DEMO_REGIONS.join(", "),
    };
    output::write(&Target::Stdout, |out| {
        writeln!(
            out,
            "# A control plane of Amazon API Gateway V2, until Ctrl-C. Regions: {regions}"
        )?;
        writeln!(
            out,
            "# In another terminal, for driftgate and for the AWS CLI:"
        )?;
        for (name, value) in emulator.environment(account, region) {
            writeln!(out, "export {name}={value}")?;
        }
        writeln!(out, "# driftgate audit")?;
        writeln!(out, "# driftgate audit --organization --all-regions")?;
        writeln!(out, "# aws apigatewayv2 get-apis")
    })?;
    // A signal is the usual end.
    runtime.block_on(interrupt.wait());
    Ok(gate::CONFORMS)
}

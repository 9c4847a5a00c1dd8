//! Opens the source of stages that the flags name.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::cli::args::{Global, Source};
use crate::cli::stop::Stop;
use crate::cli::terminal::interrupt::Interrupt;
use crate::cli::terminal::output::Input;
use crate::cli::terminal::progress::Display;
use crate::cli::terminal::wait::{CLOSING, waiting};
use crate::model::state::{
    Batch, Close, Gap, GapCode, Narrowing, Scope, Selection, State, Unusable,
};
use crate::policy::Policies;
use crate::policy::text::diagnostic::nearest;
use crate::source::aws::{Predicate, Selector, Spool};
use crate::source::file::{FileRequest, FileSource};
use crate::source::{SOURCES, aws, file_source, open_file};

/// The source of stages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageSource {
    /// AWS.
    Aws,
    /// A file, and its kind if the flag forces one.
    File(String, Option<&'static FileSource>),
}

/// The part of a fetch that depends on the rules, which the source does not know.
pub struct FetchPlan {
    /// True if a rule can match a stage of an API: only then are its stages fetched.
    pub may_match: Predicate,
    /// True if a stage is to be read again.
    pub confirm: Option<Predicate>,
    /// The file that keeps the fetch.
    pub spool: Option<Arc<Spool>>,
}

impl FetchPlan {
    /// Fetches everything, once.
    pub fn all() -> Self {
        Self {
            may_match: Arc::new(|_| true),
            confirm: None,
            spool: None,
        }
    }
}

/// True for an API with a stage that a rule can match.
pub fn may_match(policies: &Arc<Policies>) -> Predicate {
    let policies = Arc::clone(policies);
    Arc::new(move |document| policies.may_match(document))
}

impl StageSource {
    /// Reads `--from`. Refuses flags that only AWS can obey if it names a file.
    pub fn of(source: &Source) -> Result<Self, Stop> {
        let from = match source.from.as_str() {
            "aws" => return Self::aws(source),
            "-" => Self::File("-".to_owned(), None),
            text => match text.split_once(':') {
                Some((kind, path))
                    if !kind.contains(['/', '.', '\\']) && !Path::new(text).exists() =>
                {
                    let Some(kind) = file_source(kind) else {
                        let names = SOURCES.map(|source| source.name);
                        let meant = nearest(kind, names)
                            .map(|meant| format!("Did you mean {meant}:{path}? "));
                        return Err(Stop::usage(format!(
                            "unknown kind of file {kind}.\n{}Kinds: {}",
                            meant.unwrap_or_default(),
                            names.join(", ")
                        )));
                    };
                    Self::File(path.to_owned(), Some(kind))
                }
                _ => Self::File(text.to_owned(), None),
            },
        };
        match source.aws_only() {
            Some(flag) => Err(only_aws(flag, source)),
            None => Ok(from),
        }
    }

    fn aws(source: &Source) -> Result<Self, Stop> {
        if source.account.is_some() {
            return Err(Stop::usage(
                "--account is for output of the AWS CLI; AWS returns the account itself.\nTo read other accounts, name them \
                 with --accounts ID,…",
            ));
        }
        Ok(Self::Aws)
    }

    /// The name in reports.
    pub fn name(&self) -> String {
        match self {
            Self::Aws => "AWS".to_owned(),
            Self::File(path, _) if path == "-" => "stdin".to_owned(),
            Self::File(path, _) => path.clone(),
        }
    }
}

/// The error about a flag that a file cannot obey.
pub fn only_aws(flag: &str, source: &Source) -> Stop {
    Stop::usage(format!(
        "--{flag} is for AWS, and --from {} names a file.\nLeave --{flag} out, or read from AWS: --from aws",
        source.from
    ))
}

/// The request to AWS that the flags describe.
///
/// # Errors
/// Returned for flags about accounts that contradict each other.
pub fn aws_request(
    source: &Source,
    FetchPlan {
        may_match,
        confirm,
        spool,
    }: FetchPlan,
) -> Result<aws::Request, Stop> {
    Ok(aws::Request {
        profile: source.profile.clone(),
        accounts: accounts(source)?,
        regions: aws::Regions {
            named: source.region.clone(),
            all: source.all_regions,
            excluded: source.exclude_region.clone(),
        },
        shard: source.pace.shard,
        confirm,
        endpoint_url: source.endpoint_url.clone(),
        credentials: None,
        selection: Arc::new(selection(source)),
        may_match,
        rate: source.pace.rate.unwrap_or(aws::Request::RATE),
        burst: source.pace.burst.unwrap_or(aws::Request::BURST),
        concurrency: source.pace.concurrency.unwrap_or(aws::Request::CONCURRENCY) as usize,
        timeout: source.pace.timeout,
        spool,
        retry: aws::RetryPolicy::STANDARD,
    })
}

/// The accounts that the flags name.
fn accounts(source: &Source) -> Result<aws::Accounts, Stop> {
    let flags = &source.accounts;
    let selectors = |flag: &str, texts: &[String]| -> Result<Vec<Selector>, Stop> {
        let selector = |text: &String| {
            text.parse()
                .map_err(|error| Stop::usage(format!("{flag}: {error}")))
        };
        texts.iter().map(selector).collect()
    };
    let excluded = selectors("--exclude-account", &flags.exclude_account)?;
    let role = aws::Role {
        name: flags
            .role_name
            .clone()
            .unwrap_or_else(|| aws::Role::NAME.to_owned()),
        external_id: flags.external_id.clone(),
    };
    let included = selectors("--accounts", &flags.accounts)?;
    if flags.organization {
        return Ok(aws::Accounts {
            source: aws::AccountSource::Organization(included, role),
            excluded,
        });
    }
    let needs = [
        (flags.role_name.is_some(), "--role-name"),
        (flags.external_id.is_some(), "--external-id"),
        (!excluded.is_empty(), "--exclude-account"),
    ];
    if included.is_empty() {
        return match needs.into_iter().find(|(given, _)| *given) {
            Some((_, flag)) => Err(Stop::usage(format!(
                "{flag} is for other accounts than your own.\nName them with --accounts ID,… or add --organization."
            ))),
            None => Ok(aws::Accounts::default()),
        };
    }
    let id = |selector: &Selector| match selector {
        Selector::Account(id) => Ok(id.clone()),
        Selector::Unit(other) | Selector::Name(other) => Err(Stop::usage(format!(
            "--accounts: {other:?} is not an account id; names and organizational units need --organization.\n\
             Give 12 digits, or add --organization."
        ))),
    };
    if let Some(Selector::Unit(other) | Selector::Name(other)) = excluded
        .iter()
        .find(|selector| !matches!(selector, Selector::Account(_)))
    {
        return Err(Stop::usage(format!(
            "--exclude-account: {other:?} is not an account id; names and organizational units need --organization.\n\
             Give 12 digits, or add --organization."
        )));
    }
    let ids = included.iter().map(id).collect::<Result<_, _>>()?;
    Ok(aws::Accounts {
        source: aws::AccountSource::Named(ids, role),
        excluded,
    })
}

fn selection(source: &Source) -> Selection {
    Selection {
        apis: source.api.clone(),
        stages: source.stage.clone(),
        protocols: source.protocol.clone(),
    }
}

/// The runtime that fetches; two threads keep 64 requests in flight. It lives as long as the process, so that the end
/// does not wait for cancelled requests or a blocked file.
pub fn runtime() -> Result<&'static Runtime, Stop> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map(|runtime| &*Box::leak(Box::new(runtime)))
        .map_err(|error| Stop::failed(format!("the runtime could not be started: {error}")))
}

/// Opens the source; `progress` shows how far AWS is read.
pub fn open(
    from: &StageSource,
    source: &Source,
    plan: FetchPlan,
    interrupt: &Interrupt,
    progress: bool,
) -> Result<Box<dyn State>, Stop> {
    match from {
        StageSource::Aws => open_aws(aws_request(source, plan)?, runtime()?, interrupt, progress),
        StageSource::File(path, kind) => {
            let request = FileRequest {
                path: path.clone(),
                kind: *kind,
                selection: Arc::new(selection(source)),
                account: source.account.clone(),
                regions: source.region.clone(),
            };
            open_in_thread(request, interrupt)
        }
    }
}

/// Starts to fetch from AWS.
pub fn open_aws(
    request: aws::Request,
    runtime: &Runtime,
    interrupt: &Interrupt,
    progress: bool,
) -> Result<Box<dyn State>, Stop> {
    let (interrupted, spool) = (Interrupted::fetch(&request), request.spool.clone());
    let display = Display::start(progress, interrupt);
    // On a thread of the runtime: reading a file of credentials may block, and a signal must still be handled.
    let opening = runtime.spawn(aws::open(request));
    let opened = runtime.block_on(async {
        tokio::select! {
            opened = opening => Ok(opened),
            signal = interrupt.wait() => Err(signal),
        }
    });
    match opened {
        Ok(Err(_)) => Err(Stop::failed("reading stopped unexpectedly.")),
        Ok(Ok(Ok(state))) => {
            let canceller = state.canceller();
            interrupt.then(move || canceller.cancel());
            let estimate = state.progress();
            Ok(Display::over(
                display,
                Box::new(Watched(Box::new(state))),
                estimate,
            ))
        }
        Ok(Ok(Err(error))) => {
            // The same command has to work once the error is fixed, without its own file in the way.
            if let Some(spool) = spool {
                spool.discard();
            }
            Err(if error.is_usage() {
                Stop::usage(error)
            } else {
                Stop::failed(error)
            })
        }
        Err(_) => Ok(Box::new(interrupted)),
    }
}

/// The files that the flags about a source name, and the run file.
pub fn inputs<'i>(source: &'i Source, global: &'i Global, from: &'i StageSource) -> Vec<Input<'i>> {
    let mut inputs = Vec::new();
    if let StageSource::File(path, _) = from {
        inputs.push(("the source", Path::new(path)));
    }
    inputs.extend(
        global
            .run_file
            .iter()
            .map(|path| ("the run file", Path::new(path))),
    );
    let spools = [&source.pace.spool, &source.pace.resume]
        .into_iter()
        .flatten();
    inputs.extend(spools.map(|path| ("the spool", path.as_path())));
    inputs
}

/// A fetch whose waits end after a signal.
struct Watched(Box<dyn State>);

impl State for Watched {
    fn next(&mut self) -> Option<Box<dyn Batch>> {
        let _waiting = waiting(CLOSING);
        self.0.next()
    }

    fn ready(&mut self) -> Option<Box<dyn Batch>> {
        self.0.ready()
    }

    fn close(self: Box<Self>) -> Result<Close, Unusable> {
        let _waiting = waiting(CLOSING);
        self.0.close()
    }
}

/// A source that a signal ended before it yielded anything.
struct Interrupted {
    operation: &'static str,
    /// The known part of what was to be read.
    scopes: Vec<Scope>,
    narrowing: Narrowing,
}

impl Interrupted {
    /// An interrupted fetch, with the accounts and Regions that the flags name.
    fn fetch(request: &aws::Request) -> Self {
        let left_out = |id: &String| {
            request
                .accounts
                .excluded
                .contains(&Selector::Account(id.clone()))
        };
        let accounts: Vec<Option<String>> = match &request.accounts.source {
            aws::AccountSource::Named(ids, _) => ids
                .iter()
                .filter(|id| !left_out(id))
                .cloned()
                .map(Some)
                .collect(),
            aws::AccountSource::Own | aws::AccountSource::Organization(..) => vec![None],
        };
        let named = &request.regions.named;
        let regions = named
            .iter()
            .filter(|name| !request.regions.excluded.contains(name));
        let regions: Vec<Option<&String>> = if named.is_empty() {
            vec![None]
        } else {
            regions.map(Some).collect()
        };
        let mut scopes = Vec::new();
        for account in &accounts {
            for region in &regions {
                let mine = |region: &&String| {
                    request
                        .shard
                        .is_none_or(|it| it.holds(account.as_deref(), region))
                };
                if region.as_ref().is_none_or(mine) {
                    let (account, region) = (account.clone(), region.cloned());
                    let scope = Scope {
                        account,
                        region,
                        ..Scope::default()
                    };
                    // Flags may name a scope twice.
                    if !scopes.contains(&scope) {
                        scopes.push(scope);
                    }
                }
            }
        }
        Self {
            operation: "GetApis",
            scopes,
            narrowing: Narrowing::of(&request.selection, request.shard),
        }
    }
}

impl State for Interrupted {
    fn next(&mut self) -> Option<Box<dyn Batch>> {
        None
    }

    fn ready(&mut self) -> Option<Box<dyn Batch>> {
        None
    }

    fn close(self: Box<Self>) -> Result<Close, Unusable> {
        let nowhere = [Scope::default()];
        let of = if self.scopes.is_empty() {
            &nowhere[..]
        } else {
            &self.scopes
        };
        let gap = |scope: &Scope| Gap {
            account: scope.account.clone(),
            region: scope.region.clone(),
            operation: self.operation.to_owned(),
            code: GapCode::Interrupted.into(),
            message: "the run was ended before anything was read".to_owned(),
            hint: "run it again".to_owned(),
            ..Gap::default()
        };
        let gaps = of.iter().map(gap).collect();
        Ok(Close {
            scopes: self.scopes,
            gaps,
            narrowing: self.narrowing,
            ..Close::default()
        })
    }
}

/// Opens a file on a thread of its own: a pipe may block, and a signal must still be handled.
fn open_in_thread(request: FileRequest, interrupt: &Interrupt) -> Result<Box<dyn State>, Stop> {
    let (sender, opened) = channel();
    let narrowing = Narrowing::of(&request.selection, None);
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    interrupt.then(move || stopped.store(true, std::sync::atomic::Ordering::SeqCst));
    std::thread::spawn(move || {
        // The receiver may have been interrupted.
        let _ = sender.send(open_file(&request, stop));
    });
    loop {
        match opened.recv_timeout(Duration::from_millis(20)) {
            Ok(state) => return state.map_err(Stop::usage),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Stop::failed("reading stopped unexpectedly."));
            }
            Err(RecvTimeoutError::Timeout) => {
                if interrupt.signal().is_some() {
                    return Ok(Box::new(Interrupted {
                        operation: "read",
                        scopes: Vec::new(),
                        narrowing,
                    }));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_named_twice_is_one_scope_of_an_interrupted_fetch() {
        let named = ["us-east-1", "eu-west-1", "us-east-1"]
            .map(str::to_owned)
            .to_vec();
        let regions = aws::Regions {
            named,
            ..aws::Regions::default()
        };
        let scopes = Interrupted::fetch(&aws::Request {
            regions,
            ..aws::Request::default()
        })
        .scopes;
        let regions: Vec<_> = scopes
            .iter()
            .filter_map(|scope| scope.region.as_deref())
            .collect();
        assert_eq!(regions, ["us-east-1", "eu-west-1"]);
    }
}

//! The control plane: a request in, what becomes of it out. It decides everything and touches no socket, no task and no
//! timer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::arrival::{Arrival, ArrivalLog};
use super::fault::{ArmedFault, What};
use super::fleet::{Fleet, Region};
use super::paging::{BadRequest, List, Page, Paging};
use super::reply::{Refusal, Reply};
use super::request::{Call, Operation, RawRequest, Resource};
use super::settings::Settings;
use super::signature::{self, Caller, Unsigned};
use super::throttle::Buckets;

/// What the server has to do for one request.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) request_id: String,
    /// How long to wait before doing it.
    pub(super) after: Duration,
    pub(super) fate: Fate,
}

/// How a request ends.
#[derive(Debug)]
pub(super) enum Fate {
    Answered(Reply),
    /// Answered up to the middle of the body.
    Cut(Reply),
    Reset,
    Closed,
    Hung,
}

impl Fate {
    fn status(&self) -> u16 {
        match self {
            Fate::Answered(reply) | Fate::Cut(reply) => reply.status,
            Fate::Reset | Fate::Closed | Fate::Hung => 0,
        }
    }
}

/// A fleet and the rules by which it is shown.
#[derive(Debug)]
pub(super) struct ControlPlane {
    fleet: Fleet,
    page_size: usize,
    latency: Duration,
    buckets: Option<Buckets>,
    faults: Vec<ArmedFault>,
    arrivals: ArrivalLog,
    requests: AtomicU64,
}

impl ControlPlane {
    pub(super) fn new(settings: Settings) -> ControlPlane {
        ControlPlane {
            fleet: settings.fleet,
            page_size: settings.page_size,
            latency: settings.latency,
            buckets: settings.throttle.map(Buckets::new),
            faults: settings.faults.into_iter().map(ArmedFault::new).collect(),
            arrivals: ArrivalLog::new(settings.log_arrivals),
            requests: AtomicU64::new(0),
        }
    }

    pub(super) fn arrivals(&self) -> Vec<Arrival> {
        self.arrivals.all()
    }

    /// Decides about a request that is complete, and logs it.
    pub(super) fn receive(&self, raw: &RawRequest<'_>) -> Response {
        let at = Instant::now();
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("{number:08x}-d61f-4a7e-9c0b-{number:012x}");
        let call = Call::read(raw);
        let caller = signature::caller(raw.authorization);
        let (fate, delay) = self.decide(&caller, &call, raw, at, &request_id);
        self.arrivals.record(|| {
            let Caller { account, region } = caller.unwrap_or_default();
            Arrival {
                at,
                account,
                region,
                operation: call.operation,
                api_id: call.resource.api_id().map(str::to_owned),
                status: fate.status(),
                method: raw.method.to_owned(),
                path: raw.target.to_owned(),
            }
        });
        Response { request_id, after: self.latency + delay, fate }
    }

    /// The order is AWS's: who is it, is there a token for it, and only then the service itself.
    fn decide(
        &self,
        caller: &Result<Caller, Unsigned>,
        call: &Call,
        raw: &RawRequest<'_>,
        at: Instant,
        request_id: &str,
    ) -> (Fate, Duration) {
        let refused = |refusal: Refusal| (Fate::Answered(refusal.reply(call.operation, request_id)), Duration::ZERO);
        if call.resource == Resource::Unknown {
            return refused(Refusal::no_such_path());
        }
        let caller = match caller {
            Ok(caller) if self.fleet.has_account(&caller.account) => caller,
            Ok(_) | Err(Unsigned::ForeignKey) => return refused(Refusal::unrecognized_client()),
            Err(Unsigned::Missing) => return refused(Refusal::unsigned()),
        };
        if call.resource.is_api_gateway() && self.buckets.as_ref().is_some_and(|buckets| !buckets.admit(caller, at)) {
            return refused(Refusal::throttled(None));
        }
        if call.operation == Operation::Other {
            return refused(Refusal::denied(caller, raw.method, &call.resource));
        }
        let service = Service { plane: self, caller, call, request_id };
        let what = self.faults.iter().find_map(|fault| fault.strike(caller, call, raw.target));
        what.map_or_else(|| (Fate::Answered(service.answer()), Duration::ZERO), |what| service.struck(what))
    }
}

/// The service behind the front door, for one request that got there.
struct Service<'a> {
    plane: &'a ControlPlane,
    caller: &'a Caller,
    call: &'a Call,
    request_id: &'a str,
}

impl Service<'_> {
    fn answer(&self) -> Reply {
        self.paged(Paging::Faithful)
    }

    fn struck(&self, what: &What) -> (Fate, Duration) {
        let Service { caller, call, .. } = self;
        let refused = |refusal: Refusal| Fate::Answered(refusal.reply(call.operation, self.request_id));
        let fate = match what {
            What::Throttle => refused(Refusal::throttled(None)),
            What::ThrottleRetryAfter(seconds) => refused(Refusal::throttled(Some(*seconds))),
            What::ServerError(status) => refused(Refusal::server_error(*status)),
            What::Deny => refused(Refusal::denied(caller, "GET", &call.resource)),
            What::ExpiredToken => refused(Refusal::expired_token()),
            What::UnrecognizedClient => refused(Refusal::unrecognized_client()),
            What::NotFound => refused(self.not_found()),
            What::Reset => Fate::Reset,
            What::Close => Fate::Closed,
            What::Cut => Fate::Cut(self.answer()),
            What::NotJson => Fate::Answered(Reply::web_page()),
            What::Truncated => Fate::Answered(self.answer().truncated()),
            What::EmptyBody => Fate::Answered(self.answer().without_body()),
            What::Delay(delay) => return (Fate::Answered(self.answer()), *delay),
            What::Hang => Fate::Hung,
            What::RepeatToken => Fate::Answered(self.paged(Paging::RepeatToken)),
            What::EmptyPage => Fate::Answered(self.paged(Paging::EmptyPageFirst)),
        };
        (fate, Duration::ZERO)
    }

    fn not_found(&self) -> Refusal {
        match &self.call.resource {
            Resource::Stage { .. } => Refusal::no_such_stage(),
            Resource::Api { api_id } | Resource::Stages { api_id } => Refusal::no_such_api(self.caller, api_id),
            Resource::Apis | Resource::CallerIdentity | Resource::Unknown => Refusal::no_such_path(),
        }
    }

    fn paged(&self, paging: Paging) -> Reply {
        self.look_up(paging).unwrap_or_else(|refusal| refusal.reply(self.call.operation, self.request_id))
    }

    fn look_up(&self, paging: Paging) -> Result<Reply, Refusal> {
        // A Region in which nothing was ever made answers like one that is empty.
        let region = self.plane.fleet.region(&self.caller.account, &self.caller.region);
        let api = |api_id: &str| {
            region.and_then(|region| region.api(api_id)).ok_or_else(|| Refusal::no_such_api(self.caller, api_id))
        };
        match &self.call.resource {
            Resource::CallerIdentity => Ok(Reply::caller_identity(self.caller, self.request_id)),
            Resource::Apis => {
                let apis = region.map(Region::apis).unwrap_or_default();
                let page = self.page(None, apis.len(), paging)?;
                Ok(Reply::page(apis[page.items].iter().map(|api| &*api.document), page.next.as_deref()))
            }
            Resource::Api { api_id } => Ok(Reply::json(api(api_id)?.document.as_bytes())),
            Resource::Stages { api_id } => {
                let stages = &api(api_id)?.stages;
                let page = self.page(Some(api_id), stages.len(), paging)?;
                Ok(Reply::page(stages[page.items].iter().map(|stage| &*stage.document), page.next.as_deref()))
            }
            Resource::Stage { api_id, stage } => {
                let stage = api(api_id)?.stage(stage).ok_or_else(Refusal::no_such_stage)?;
                Ok(Reply::json(stage.document.as_bytes()))
            }
            Resource::Unknown => Err(Refusal::no_such_path()),
        }
    }

    fn page(&self, api_id: Option<&str>, length: usize, paging: Paging) -> Result<Page, Refusal> {
        let list = List { caller: self.caller, api_id, length, page_size: self.plane.page_size };
        let call = self.call;
        list.page(call.max_results.as_deref(), call.next_token.as_deref(), paging).map_err(|bad| match bad {
            BadRequest::MaxResults => Refusal::bad_request("Invalid value for maxResults: must be between 1 and 500"),
            BadRequest::NextToken => Refusal::bad_request("Invalid nextToken"),
        })
    }
}

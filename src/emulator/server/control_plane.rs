//! The control plane: turns a request into a response. It decides everything, and touches no socket, no task and no
//! timer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::arrival::{Arrival, ArrivalLog};
use crate::emulator::faults::{ArmedFault, Buckets, Effect, corrupt};
use crate::emulator::fleet::{Fleet, OptIn};
use crate::emulator::services::api_gateway::{self, Deleted};
use crate::emulator::services::sts::{self, Roles};
use crate::emulator::services::{organizations, regions};
use crate::emulator::settings::Settings;
use crate::emulator::wire::signature::{self, Unsigned};
use crate::emulator::wire::{
    Call, Caller, Operation, Paging, RawRequest, Refusal, Reply, Resource, Why,
};

#[derive(Debug)]
pub struct Response {
    pub request_id: String,
    pub after: Duration,
    pub fate: Fate,
}

#[derive(Debug)]
pub enum Fate {
    Answered(Reply),
    /// Answered, but an effect on the connection keeps the answer from being delivered as it should be.
    Delivered(Reply, Effect),
    Reset,
    Closed,
    Hung,
}

impl Fate {
    fn status(&self) -> u16 {
        match self {
            Fate::Answered(reply) | Fate::Delivered(reply, _) => reply.status,
            Fate::Reset | Fate::Closed | Fate::Hung => 0,
        }
    }
}

/// A fleet and the settings by which it is served.
#[derive(Debug)]
pub struct ControlPlane {
    fleet: Fleet,
    roles: Roles,
    page_size: usize,
    latency: Duration,
    buckets: Option<Buckets>,
    faults: Vec<ArmedFault>,
    arrivals: ArrivalLog,
    requests: AtomicU64,
    deleted: Deleted,
}

impl ControlPlane {
    pub fn new(settings: Settings) -> ControlPlane {
        ControlPlane {
            fleet: settings.fleet,
            roles: settings.roles,
            page_size: settings.page_size,
            latency: settings.latency,
            buckets: settings.throttle.map(Buckets::new),
            faults: settings.faults.into_iter().map(ArmedFault::new).collect(),
            arrivals: ArrivalLog::new(settings.log_arrivals),
            requests: AtomicU64::new(0),
            deleted: Deleted::default(),
        }
    }

    pub fn arrivals(&self) -> Vec<Arrival> {
        self.arrivals.all()
    }

    /// Decides about a request that is complete, and logs it.
    pub fn receive(&self, raw: &RawRequest<'_>) -> Response {
        let at = Instant::now();
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("{number:08x}-d61f-4a7e-9c0b-{number:012x}");
        let call = Call::read(raw);
        let caller = signature::caller(raw.authorization, raw.security_token);
        let (fate, delay) = self.decide(&caller, &call, raw, at, &request_id);
        self.arrivals.record(|| {
            let caller = caller.unwrap_or_default();
            let asked_for = || {
                call.parameter("RoleSessionName")
                    .map(std::borrow::Cow::into_owned)
            };
            Arrival {
                at,
                account: caller.account.to_owned(),
                region: caller.region.to_owned(),
                operation: call.operation,
                api_id: call.resource.api_id().map(str::to_owned),
                role_account: call.resource.role().map(|(account, _)| account.to_owned()),
                session_name: match call.operation {
                    Operation::AssumeRole => asked_for(),
                    _ => caller.session.map(|session| session.name.to_owned()),
                },
                status: fate.status(),
                method: raw.method.to_owned(),
                path: raw.target.to_owned(),
            }
        });
        Response {
            request_id,
            after: self.latency + delay,
            fate,
        }
    }

    /// The order is AWS's: the caller, the quota, and only then the service.
    fn decide(
        &self,
        caller: &Result<Caller<'_>, Unsigned>,
        call: &Call<'_>,
        raw: &RawRequest<'_>,
        at: Instant,
        request_id: &str,
    ) -> (Fate, Duration) {
        let answered = |refusal: Refusal| {
            (
                Fate::Answered(refusal.reply(call.operation, request_id)),
                Duration::ZERO,
            )
        };
        let refused = |why| answered(Refusal::of(why));
        if call.resource == Resource::Unknown {
            return refused(Why::NotFound);
        }
        let caller = match caller {
            Ok(caller) if self.fleet.has_account(caller.account) => caller,
            Ok(_) | Err(Unsigned::ForeignKey) => return refused(Why::UnrecognizedClient),
            Err(Unsigned::Missing) => return refused(Why::Unsigned),
        };
        let service = call.operation.service();
        if caller.service != service {
            return answered(Refusal::wrong_scope(service));
        }
        if caller.has_expired() {
            return refused(Why::ExpiredToken);
        }
        // The other services have one endpoint for all Regions.
        let regional = matches!(service, "apigateway" | "sts" | "ec2");
        if regional && self.fleet.opt_in(caller.account, caller.region) == OptIn::Disabled {
            return refused(Why::UnrecognizedClient);
        }
        if call.resource.is_api_gateway()
            && self
                .buckets
                .as_ref()
                .is_some_and(|buckets| !buckets.admit(caller, at))
        {
            return refused(Why::Throttled);
        }
        if call.operation == Operation::Other {
            return answered(Refusal::denied(
                caller,
                raw.method,
                call.operation,
                &call.resource,
            ));
        }
        let service = Service {
            plane: self,
            caller,
            call,
            request_id,
        };
        let effect = self
            .faults
            .iter()
            .find_map(|fault| fault.strike(caller, call, raw.target));
        effect.map_or_else(
            || (Fate::Answered(service.answer()), Duration::ZERO),
            |effect| service.struck(effect),
        )
    }
}

/// The service behind the front door, for one request that got there.
struct Service<'a> {
    plane: &'a ControlPlane,
    caller: &'a Caller<'a>,
    call: &'a Call<'a>,
    request_id: &'a str,
}

impl Service<'_> {
    fn answer(&self) -> Reply {
        self.paged(Paging::Faithful)
    }

    fn struck(&self, effect: &Effect) -> (Fate, Duration) {
        let (caller, call) = (self.caller, self.call);
        let (operation, resource) = (call.operation, &call.resource);
        let answered = |refusal| Fate::Answered(self.refusal(&refusal));
        let refused = |why| answered(Refusal::of(why));
        let fate = match effect {
            Effect::Throttle => refused(Why::Throttled),
            Effect::ThrottleRetryAfter(seconds) => answered(Refusal::throttled_for(*seconds)),
            Effect::ServerError(status) => refused(Why::Server(*status)),
            Effect::Deny => answered(Refusal::denied(caller, "GET", operation, resource)),
            Effect::DenyByOrganization => {
                answered(Refusal::denied_by_organization(caller, operation, resource))
            }
            Effect::ExpiredToken => refused(Why::ExpiredToken),
            Effect::UnrecognizedClient => refused(Why::UnrecognizedClient),
            Effect::InvalidSignature => refused(Why::Signature),
            Effect::ClockSkew => refused(Why::Skew),
            Effect::IncompleteSignature => refused(Why::IncompleteSignature),
            Effect::NotFound => answered(self.not_found()),
            Effect::Delete => {
                if let Some(api_id) = resource.api_id() {
                    self.plane.deleted.add(caller, api_id, resource.stage());
                }
                answered(self.not_found())
            }
            Effect::ExpiredPageToken if call.goes_on() => answered(Refusal::bad_token()),
            Effect::ExpiredPageToken => Fate::Answered(self.answer()),
            Effect::NotInUse => refused(Why::NotInUse),
            Effect::Reset => Fate::Reset,
            Effect::Close => Fate::Closed,
            Effect::Hang => Fate::Hung,
            Effect::Cut
            | Effect::Stall
            | Effect::HalfClose
            | Effect::Trickle(_)
            | Effect::TrickleForEver(_)
            | Effect::ShortLength
            | Effect::LongLength => Fate::Delivered(self.answer(), effect.clone()),
            Effect::Delay(delay) => return (Fate::Answered(self.answer()), *delay),
            Effect::RepeatToken => Fate::Answered(self.paged(Paging::RepeatToken)),
            Effect::EmptyPage => Fate::Answered(self.paged(Paging::EmptyPageFirst)),
            Effect::EndlessPages => Fate::Answered(self.paged(Paging::Endless)),
            Effect::Redirect(status, location) => {
                Fate::Answered(Reply::redirect(*status, location))
            }
            Effect::ErrorAsSuccess => Fate::Answered(Reply {
                status: 200,
                error_type: None,
                ..self.refusal(&Refusal::of(Why::Server(500)))
            }),
            Effect::NotJson => Fate::Answered(Reply::web_page()),
            Effect::Truncated => Fate::Answered(self.answer().truncated()),
            Effect::EmptyBody => Fate::Answered(self.answer().without_body()),
            Effect::GzipGarbage => Fate::Answered(corrupt::gzip_garbage()),
            Effect::Oversized(bytes) => Fate::Answered(corrupt::oversized(self.answer(), *bytes)),
            Effect::UnknownEnum => Fate::Answered(corrupt::unknown_enums(self.answer())),
            Effect::NullItems => Fate::Answered(corrupt::null_items(self.answer())),
            Effect::NullList => Fate::Answered(corrupt::null_list(self.answer())),
            Effect::Changed(changes) => Fate::Answered(corrupt::changed(self.answer(), changes)),
        };
        (fate, Duration::ZERO)
    }

    fn not_found(&self) -> Refusal {
        match &self.call.resource {
            Resource::Stage(..) => Refusal::no_such_stage(),
            Resource::Api(api_id) | Resource::Stages(api_id) => {
                Refusal::no_such_api(self.caller, api_id)
            }
            Resource::Apis | Resource::Role(_) | Resource::Service | Resource::Unknown => {
                Refusal::of(Why::NotFound)
            }
        }
    }

    fn refusal(&self, refusal: &Refusal) -> Reply {
        refusal.reply(self.call.operation, self.request_id)
    }

    fn paged(&self, paging: Paging) -> Reply {
        self.look_up(paging)
            .unwrap_or_else(|refusal| self.refusal(&refusal))
    }

    fn look_up(&self, paging: Paging) -> Result<Reply, Refusal> {
        let Service {
            plane,
            caller,
            call,
            request_id,
        } = *self;
        let fleet = &plane.fleet;
        match call.operation {
            Operation::GetCallerIdentity => Ok(sts::caller_identity(caller, request_id)),
            Operation::AssumeRole => plane
                .roles
                .assume(caller, call, request_id, |account| fleet.is_open(account)),
            Operation::ListAccounts
            | Operation::ListOrganizationalUnitsForParent
            | Operation::ListAccountsForParent => {
                organizations::answer(fleet.members(), caller, call, paging)
            }
            Operation::ListRegions => {
                let account = self.whose_regions()?;
                regions::list(caller, call, paging, |region| {
                    fleet.opt_in(&account, region)
                })
            }
            Operation::DescribeRegions => {
                Ok(regions::describe(caller, call, request_id, |region| {
                    fleet.opt_in(caller.account, region)
                }))
            }
            _ => api_gateway::answer(
                (fleet, &plane.deleted),
                caller,
                call,
                plane.page_size,
                paging,
            ),
        }
    }

    /// Only the management account may list the Regions of another.
    fn whose_regions(&self) -> Result<String, Refusal> {
        let Service {
            plane,
            caller,
            call,
            ..
        } = *self;
        let own = caller.account.to_owned();
        let Some(account) = call.json()["AccountId"].as_str().map(str::to_owned) else {
            return Ok(own);
        };
        let managed = |account: &str| {
            plane
                .fleet
                .members()
                .is_some_and(|all| all.is_management(caller.account) && all.has(account))
        };
        if account == own || managed(&account) {
            return Ok(account);
        }
        Err(Refusal::denied(
            caller,
            "GET",
            call.operation,
            &call.resource,
        ))
    }
}

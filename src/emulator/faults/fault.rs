//! Faults: the requests that they strike, when, and with what. It does not know how a fault looks on the wire.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::emulator::random;
use crate::emulator::wire::{Call, Caller, Operation};

/// Something that goes wrong, with the code of the called service: the `TooManyRequestsException` of API Gateway is
/// `Throttling` of STS and `RequestLimitExceeded` of EC2. It reads as a sentence:
///
/// ```
/// use driftgate::emulator::{Fault, Operation, Effect};
///
/// Fault::on(Operation::GetStages).region("eu-west-1").api("a1b2c3d4e5").always(Effect::Deny);
/// Fault::on_every_call().after(10, Effect::ExpiredToken);
/// Fault::on(Operation::GetApis).first(3, Effect::Throttle);
/// ```
///
/// Only requests that no earlier fault struck are counted, so `first(3, …)` and then `first(2, …)` on the same
/// requests are five bad answers in a row.
#[derive(Clone, Debug)]
pub struct Fault {
    on: Target,
    when: When,
    effect: Effect,
}

/// The requests that a fault may strike, all unless narrowed.
#[derive(Clone, Debug, Default)]
pub struct Target {
    operation: Option<Operation>,
    account: Option<String>,
    region: Option<String>,
    api_id: Option<String>,
    stage: Option<String>,
}

/// The targeted requests that are struck.
#[derive(Clone, Debug)]
pub enum When {
    /// All.
    Always,
    /// The first so many.
    First(u64),
    /// Of each different request (account, Region, path, query and body) the first so many: each needs as many retries.
    FirstOfEach(u64),
    /// All but the first so many.
    After(u64),
    /// Each n-th: with 3 the third, the sixth, and so on.
    Every(u64),
    /// A random share between 0 and 1, the second number, drawn from a seed, the first.
    Share(u64, f64),
}

/// The effect on a request that is struck.
#[derive(Clone, Debug)]
pub enum Effect {
    /// 429 TooManyRequestsException.
    Throttle,
    /// The same with a `Retry-After` of so many seconds.
    ThrottleRetryAfter(u64),
    /// This status with a JSON body.
    ServerError(u16),
    /// 403 AccessDeniedException.
    Deny,
    /// The same "with an explicit deny in a service control policy".
    DenyByOrganization,
    /// 403 ExpiredTokenException.
    ExpiredToken,
    /// 403 UnrecognizedClientException, the answer of a Region that is not enabled.
    UnrecognizedClient,
    /// 403 InvalidSignatureException: the secret key is wrong.
    InvalidSignature,
    /// 403 InvalidSignatureException: the signature is too old.
    ClockSkew,
    /// 403 IncompleteSignatureException.
    IncompleteSignature,
    /// 404 NotFoundException for an API or a stage that exists: the lists still have it.
    NotFound,
    /// The API of the request, or its stage, is deleted; from then on all calls answer as for one that never was.
    Delete,
    /// 400 BadRequestException to each request with a page token; the others are answered.
    ExpiredPageToken,
    /// 400 AWSOrganizationsNotInUseException.
    NotInUse,
    /// The connection is reset before any answer.
    Reset,
    /// The connection is closed properly, but without an answer.
    Close,
    /// Headers with the whole length, half of the body, and then the connection is closed.
    Cut,
    /// Headers with the whole length, half of the body, and then silence.
    Stall,
    /// Headers, and then the server closes its side; it keeps listening.
    HalfClose,
    /// The right answer, one byte at a time, with such a pause before each.
    Trickle(Duration),
    /// Spaces for ever, with such a pause before each.
    TrickleForEver(Duration),
    /// A length that is ten bytes less than the body's.
    ShortLength,
    /// A length that is ten bytes more than the body's.
    LongLength,
    /// This status, to elsewhere.
    Redirect(u16, String),
    /// 200 with the body of an error.
    ErrorAsSuccess,
    /// 200 with an HTML page, as a captive portal sends it.
    NotJson,
    /// 200 with half of the JSON, and a length that agrees.
    Truncated,
    /// 200 without a body.
    EmptyBody,
    /// 200 with `Content-Encoding: gzip` and bytes that are not gzip.
    GzipGarbage,
    /// A right answer without its end, padded to so many bytes.
    Oversized(usize),
    /// Values that no client knows: `loggingLevel` VERBOSE, `protocolType` GRPC, the `State` of an account FROZEN.
    UnknownEnum,
    /// A null before the first item of a list.
    NullItems,
    /// A null in the place of a list.
    NullList,
    /// The right answer with this merged into each document (RFC 7396).
    Changed(Value),
    /// The right answer, so much later.
    Delay(Duration),
    /// Never an answer; the connection stays open until the client leaves.
    Hang,
    /// A `nextToken` that leads to the same page again, for ever.
    RepeatToken,
    /// An empty page with a `nextToken` comes before the first.
    EmptyPage,
    /// After the last page come empty ones, each with another `nextToken`, for ever.
    EndlessPages,
}

impl Fault {
    /// A fault on the requests for one operation.
    pub fn on(operation: Operation) -> Target {
        Target {
            operation: Some(operation),
            ..Target::default()
        }
    }

    /// A fault on every API Gateway read. The other services are not included; name them with [`Fault::on`].
    pub fn on_every_call() -> Target {
        Target::default()
    }
}

impl Target {
    /// Only the requests of this account; of AssumeRole, those for a role in it.
    #[must_use]
    pub fn account(mut self, account: &str) -> Target {
        self.account = Some(account.to_owned());
        self
    }

    /// Only the requests to this Region.
    #[must_use]
    pub fn region(mut self, region: &str) -> Target {
        self.region = Some(region.to_owned());
        self
    }

    /// Only the requests that name this API.
    #[must_use]
    pub fn api(mut self, api_id: &str) -> Target {
        self.api_id = Some(api_id.to_owned());
        self
    }

    /// Only the requests that name this stage.
    #[must_use]
    pub fn stage(mut self, stage: &str) -> Target {
        self.stage = Some(stage.to_owned());
        self
    }

    /// Strikes all of them.
    pub fn always(self, effect: Effect) -> Fault {
        self.when(When::Always, effect)
    }

    /// Strikes the first `count`.
    pub fn first(self, count: u64, effect: Effect) -> Fault {
        self.when(When::First(count), effect)
    }

    /// Strikes the first `count` of each different request.
    pub fn first_of_each(self, count: u64, effect: Effect) -> Fault {
        self.when(When::FirstOfEach(count), effect)
    }

    /// Strikes all but the first `count`.
    pub fn after(self, count: u64, effect: Effect) -> Fault {
        self.when(When::After(count), effect)
    }

    /// Strikes each `count`-th; 0 is never.
    pub fn every(self, count: u64, effect: Effect) -> Fault {
        self.when(When::Every(count), effect)
    }

    /// Strikes a random `share` of them, the same ones for the same seed and order.
    pub fn share(self, seed: u64, share: f64, effect: Effect) -> Fault {
        self.when(When::Share(seed, share), effect)
    }

    /// Strikes them under the condition `when`.
    pub fn when(self, when: When, effect: Effect) -> Fault {
        Fault {
            on: self,
            when,
            effect,
        }
    }

    fn includes(&self, caller: &Caller<'_>, call: &Call<'_>) -> bool {
        let named = |filter: &Option<String>, found: Option<&str>| {
            filter.as_deref().is_none_or(|filter| found == Some(filter))
        };
        self.operation
            .map_or(call.operation.is_api_gateway(), |operation| {
                operation == call.operation
            })
            && named(
                &self.account,
                Some(
                    call.resource
                        .role()
                        .map_or(caller.account, |(account, _)| account),
                ),
            )
            && named(&self.region, Some(caller.region))
            && named(&self.api_id, call.resource.api_id())
            && named(&self.stage, call.resource.stage())
    }
}

/// A fault of a running server, with its counts of requests.
#[derive(Debug)]
pub struct ArmedFault {
    fault: Fault,
    requests: AtomicU64,
    requests_of_each: Mutex<HashMap<String, u64>>,
}

impl ArmedFault {
    pub fn new(fault: Fault) -> ArmedFault {
        ArmedFault {
            fault,
            requests: AtomicU64::new(0),
            requests_of_each: Mutex::default(),
        }
    }

    /// The effect on this request, if the fault strikes; `target` is the raw path and query.
    pub fn strike(&self, caller: &Caller<'_>, call: &Call<'_>, target: &str) -> Option<&Effect> {
        if !self.fault.on.includes(caller, call) {
            return None;
        }
        let earlier = self.requests.fetch_add(1, Ordering::Relaxed);
        let strikes = match self.fault.when {
            When::Always => true,
            When::First(count) => earlier < count,
            When::FirstOfEach(count) => self.earlier_of_same(caller, call, target) < count,
            When::After(count) => earlier >= count,
            When::Every(count) => (earlier + 1).is_multiple_of(count),
            When::Share(seed, share) => random::fraction(seed, earlier) < share,
        };
        strikes.then_some(&self.fault.effect)
    }

    fn earlier_of_same(&self, caller: &Caller<'_>, call: &Call<'_>, target: &str) -> u64 {
        let request = format!(
            "{} {} {} {target} {}",
            caller.account,
            caller.region,
            call.operation,
            call.body()
        );
        let mut counts = self
            .requests_of_each
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(request).or_insert(0);
        *count += 1;
        *count - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::wire::RawRequest;

    fn struck(fault: Fault, targets: &[&str]) -> Vec<bool> {
        let armed = ArmedFault::new(fault);
        let caller = Caller {
            account: "111122223333",
            region: "us-east-1",
            ..Caller::default()
        };
        let strike = |target: &&str| {
            let call = Call::read(&RawRequest {
                method: "GET",
                target,
                ..RawRequest::default()
            });
            armed.strike(&caller, &call, target).is_some()
        };
        targets.iter().map(strike).collect()
    }

    #[test]
    fn each_when_strikes_its_requests() {
        let four = ["/v2/apis"; 4];
        let on = || Fault::on(Operation::GetApis);
        assert_eq!(
            struck(on().always(Effect::Reset), &four),
            [true, true, true, true]
        );
        assert_eq!(
            struck(on().first(1, Effect::Reset), &four),
            [true, false, false, false]
        );
        assert_eq!(
            struck(on().after(3, Effect::Reset), &four),
            [false, false, false, true]
        );
        assert_eq!(
            struck(on().every(2, Effect::Reset), &four),
            [false, true, false, true]
        );
        assert_eq!(struck(on().every(0, Effect::Reset), &four), [false; 4]);
        assert_eq!(struck(on().share(1, 0.0, Effect::Reset), &four), [false; 4]);
        assert_eq!(struck(on().share(1, 1.0, Effect::Reset), &four), [true; 4]);
        let pages = [
            "/v2/apis",
            "/v2/apis",
            "/v2/apis?nextToken=a",
            "/v2/apis?nextToken=a",
        ];
        assert_eq!(
            struck(on().first_of_each(1, Effect::Reset), &pages),
            [true, false, true, false]
        );
    }

    #[test]
    fn the_target_narrows() {
        let targets = [
            "/v2/apis",
            "/v2/apis/a1",
            "/v2/apis/a1/stages",
            "/v2/apis/a1/stages/prod",
            "/v2/nothing",
        ];
        let whom = |target: Target| struck(target.always(Effect::Reset), &targets);
        assert_eq!(
            whom(Fault::on_every_call()),
            [true, true, true, true, false]
        );
        assert_eq!(
            whom(Fault::on_every_call().api("a1")),
            [false, true, true, true, false]
        );
        assert_eq!(
            whom(Fault::on_every_call().stage("prod")),
            [false, false, false, true, false]
        );
        assert_eq!(
            whom(Fault::on(Operation::GetStages)),
            [false, false, true, false, false]
        );
        assert_eq!(whom(Fault::on_every_call().region("eu-west-1")), [false; 5]);
        assert_eq!(
            whom(Fault::on_every_call().account("444455556666")),
            [false; 5]
        );
    }
}

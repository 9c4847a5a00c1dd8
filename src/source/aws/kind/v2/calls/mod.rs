//! The calls to API Gateway V2 of one account and Region: lists of APIs and of stages, and each of them alone. It must
//! not know how a call is made.

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_sdk_apigatewayv2::Client;
use aws_sdk_apigatewayv2::operation::get_apis::GetApisOutput;
use aws_sdk_apigatewayv2::operation::get_stages::GetStagesOutput;

use super::convert;
use crate::model::Value;
use crate::source::aws::call::{Channel, Failure, Operation};
use crate::source::aws::kind::item::{Page, id_of, name_of};

#[derive(Debug)]
pub struct ControlPlane {
    pub channel: Channel,
    client: Client,
}

impl ControlPlane {
    /// The control plane that a channel leads to. The SDK's retries are off: every attempt takes a token of the pacer.
    pub fn new(config: &SdkConfig, channel: Channel) -> Self {
        let config = aws_sdk_apigatewayv2::config::Builder::from(config)
            .region(Region::new(channel.region().to_owned()))
            .retry_config(RetryConfig::disabled())
            .interceptor(channel.sent().clone());
        Self {
            client: Client::from_conf(config.build()),
            channel,
        }
    }

    pub async fn get_apis(&self, token: Option<String>) -> Result<Page, Failure> {
        let send = || self.client.get_apis().set_next_token(token.clone()).send();
        self.channel
            .call(Operation::GetApis, None, send, apis)
            .await
    }

    /// Requests the first APIs, at most so many.
    pub async fn first_apis(&self, most: u32) -> Result<Page, Failure> {
        let send = || self.client.get_apis().max_results(most.to_string()).send();
        self.channel
            .call(Operation::GetApis, None, send, apis)
            .await
    }

    pub async fn get_api(&self, api_id: &str) -> Result<Value<'static>, Failure> {
        let send = || self.client.get_api().api_id(api_id).send();
        self.channel
            .call(Operation::GetApi, Some(api_id), send, |api| {
                let api = convert::api_output(api);
                (id_of(&api) == Some(api_id)).then_some(api)
            })
            .await
    }

    pub async fn get_stages(&self, api_id: &str, token: Option<String>) -> Result<Page, Failure> {
        let send = || {
            self.client
                .get_stages()
                .api_id(api_id)
                .set_next_token(token.clone())
                .send()
        };
        self.channel
            .call(Operation::GetStages, Some(api_id), send, stages)
            .await
    }

    /// Requests the first stages of an API, at most so many.
    pub async fn first_stages(&self, api_id: &str, most: u32) -> Result<Page, Failure> {
        let send = || {
            self.client
                .get_stages()
                .api_id(api_id)
                .max_results(most.to_string())
                .send()
        };
        self.channel
            .call(Operation::GetStages, Some(api_id), send, stages)
            .await
    }

    pub async fn get_stage(&self, api_id: &str, stage: &str) -> Result<Value<'static>, Failure> {
        let send = || {
            self.client
                .get_stage()
                .api_id(api_id)
                .stage_name(stage)
                .send()
        };
        self.channel
            .call(Operation::GetStage, Some(api_id), send, |found| {
                let found = convert::stage_output(found);
                (name_of(&found) == Some(stage)).then_some(found)
            })
            .await
    }
}

/// A page of APIs; `None` where the answer is not a page.
fn apis(page: GetApisOutput) -> Option<Page> {
    // The SDK takes an empty body for an answer in which nothing is set, which is not an empty list.
    let items: Vec<_> = page.items?.into_iter().map(convert::api).collect();
    items
        .iter()
        .all(|api| id_of(api).is_some())
        .then_some(Page {
            items,
            next: page.next_token,
        })
}

/// A page of stages; `None` where the answer is not a page.
fn stages(page: GetStagesOutput) -> Option<Page> {
    let items: Vec<_> = page.items?.into_iter().map(convert::stage).collect();
    items
        .iter()
        .all(|stage| name_of(stage).is_some())
        .then_some(Page {
            items,
            next: page.next_token,
        })
}

#[cfg(test)]
mod tests;

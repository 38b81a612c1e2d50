//! Finding the running node and talking to its HTTP interface.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::{Agent, Body, http};
use zeroize::Zeroizing;

use super::args::NodeArgs;
use super::fail::Failure;
use super::output::clean_line;
use super::place::{is_loopback, page_link, place, read_url};
use crate::config::notes::{WEB_TOKEN_FILE, read_web_address, read_web_token};
use crate::config::{Config, Keys, WebLogin};

/// A node on this machine answers a connection at once; one elsewhere within this.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A send may wait while the node catches up (10 s), and then for its disk.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of one answer: 500 messages of the greatest size, each character escaped.
const ANSWER_MAX: u64 = 64 * 1024 * 1024;

/// A node that is to be asked.
#[derive(Debug)]
pub struct Node {
    /// `host:port`.
    pub address: String,
    /// What to send as `Host`.
    pub host: String,
    /// The access token, where one was found.
    pub token: Option<Zeroizing<String>>,
    data: PathBuf,
    agent: Agent,
}

impl Node {
    /// The node that flags, data folder or settings name.
    ///
    /// # Errors
    /// A setting that cannot be used; no place to ask at.
    pub fn find(args: &NodeArgs) -> Result<Node, Failure> {
        Node::of(args, &args.config(Keys::Ignore)?)
    }

    /// As [`Node::find`], with settings at hand.
    ///
    /// # Errors
    /// As there.
    pub fn of(args: &NodeArgs, config: &Config) -> Result<Node, Failure> {
        let login = config.web_login == WebLogin::Token;
        let local_token = || login.then(|| read_web_token(&config.data).ok()).flatten();
        let node = |address: String, host, token| Node {
            address,
            host,
            token,
            data: config.data.clone(),
            agent: agent(),
        };
        if let Some(url) = &args.node {
            let (address, token) = read_url(url)?;
            // The token of this machine's node is not for nodes elsewhere.
            let token = token.or_else(|| is_loopback(&address).then(local_token).flatten());
            return Ok(node(address.clone(), address, token));
        }
        if let Some(written) = read_web_address(&config.data) {
            let (address, host) = place(&written.to_string());
            let node = node(address, host, local_token());
            if node.answers() {
                return Ok(node);
            }
        }
        let (address, host) = place(&config.web);
        if address.ends_with(":0") {
            return Err(Failure::Unreachable(format!(
                "no node runs on {}; start one with `roda run`, or name it with --node URL",
                config.data.display()
            )));
        }
        Ok(node(address, host, local_token()))
    }

    /// The page's address, with the token where one is known.
    pub fn link(&self) -> Zeroizing<String> {
        page_link(&self.address, self.token.as_ref().map(|token| token.as_str()))
    }

    fn answers(&self) -> bool {
        self.agent.get(self.url("/healthz")).header("Host", &self.host).call().is_ok()
    }

    /// Asks `GET path`.
    ///
    /// # Errors
    /// As the node or the network says.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.read(&mut self.get_raw(path)?)
    }

    /// Asks `GET path`, whatever the answer's status.
    ///
    /// # Errors
    /// No answer.
    pub fn get_any(&self, path: &str) -> Result<(u16, String), Failure> {
        let mut answer = self.call(self.authorised(self.agent.get(self.url(path))).call())?;
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        Ok((answer.status().as_u16(), text))
    }

    /// Asks `POST path` with a JSON body and gives the answer's text.
    ///
    /// # Errors
    /// As the node or the network says.
    pub fn post(&self, path: &str, body: &serde_json::Value) -> Result<String, Failure> {
        let request = self.authorised(self.agent.post(self.url(path)));
        let mut answer = self.checked(self.call(request.send_json(body))?)?;
        self.text(&mut answer)
    }

    fn get_raw(&self, path: &str) -> Result<http::Response<Body>, Failure> {
        let answer = self.call(self.authorised(self.agent.get(self.url(path))).call())?;
        self.checked(answer)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn authorised<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        let request = request.header("Host", &self.host);
        match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {}", token.as_str())),
            None => request,
        }
    }

    fn call(
        &self,
        answer: Result<http::Response<Body>, ureq::Error>,
    ) -> Result<http::Response<Body>, Failure> {
        answer.map_err(|why| self.unreachable(&why))
    }

    /// Nobody, or no node, at the address.
    pub fn unreachable(&self, why: &dyn std::fmt::Display) -> Failure {
        Failure::Unreachable(format!(
            "no node answers at http://{}/ ({}); start one with `roda run`, or name it with \
             --node URL",
            self.address,
            clean_line(&why.to_string())
        ))
    }

    fn checked(&self, mut answer: http::Response<Body>) -> Result<http::Response<Body>, Failure> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        Err(self.refused(status.as_u16(), &text))
    }

    /// The node's refusal in its own words.
    fn refused(&self, status: u16, text: &str) -> Failure {
        #[derive(Deserialize)]
        struct Refusal {
            error: Words,
        }
        #[derive(Deserialize)]
        struct Words {
            message: String,
        }
        if status == 401 {
            let file = self.data.join(WEB_TOKEN_FILE);
            return Failure::Refused(format!(
                "the node wants its token, and {} does not hold it; name its folder with --data, \
                 or give --node the whole line of its `roda link`",
                file.display()
            ));
        }
        match serde_json::from_str::<Refusal>(text) {
            Ok(refusal) => Failure::Refused(clean_line(&refusal.error.message)),
            Err(_) => Failure::Refused(format!(
                "http://{}/ answered {status}, not as a node does; is something else there?",
                self.address
            )),
        }
    }

    fn text(&self, answer: &mut http::Response<Body>) -> Result<String, Failure> {
        let body = answer.body_mut().with_config().limit(ANSWER_MAX);
        body.read_to_string().map_err(|why| match why {
            ureq::Error::BodyExceedsLimit(_) => self.strange(&why),
            why => self.unreachable(&why),
        })
    }

    fn read<T: DeserializeOwned>(&self, answer: &mut http::Response<Body>) -> Result<T, Failure> {
        let text = self.text(answer)?;
        serde_json::from_str(&text).map_err(|why| self.strange(&why))
    }

    /// An answer that no node gives.
    pub fn strange(&self, why: &dyn std::fmt::Display) -> Failure {
        Failure::Failed(format!(
            "http://{}/ does not answer as this version's node does ({}); is something else \
             there, or another version?",
            self.address,
            clean_line(&why.to_string())
        ))
    }
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_global(Some(ANSWER_TIMEOUT))
        .http_status_as_error(false)
        .max_redirects(0)
        // The token is for the node, not for a proxy of the environment.
        .proxy(None);
    config.build().into()
}

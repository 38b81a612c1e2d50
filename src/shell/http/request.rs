//! What a request says: the id in its address, and its body.

use std::error::Error;
use std::iter;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tower_http::timeout::TimeoutError;

use super::limits::{BODY_WAIT, JSON_BODY_MAX};
use super::problem::Problem;

/// The `{id}` of an address, where it is UTF-8.
#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let named = Path::from_request_parts(parts, state).await;
        named.map(|Path(named)| named).map_err(|why| Problem::invalid(why.body_text()))
    }
}

/// A JSON body within its bounds of size and time.
pub(super) struct Payload<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Payload<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let mime = request.headers().get(header::CONTENT_TYPE).and_then(|mime| mime.to_str().ok());
        let mime = mime.and_then(|mime| mime.split(';').next()).unwrap_or_default().trim();
        if !mime.eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "send JSON with Content-Type: application/json",
            ));
        }
        let bytes = body(request).await?;
        // A field that is skipped is not looked into: without this it might hold anything.
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Problem::invalid("the body is not UTF-8; send JSON in UTF-8"))?;
        serde_json::from_str(text)
            .map(Payload)
            .map_err(|error| Problem::invalid(format!("the body cannot be read: {error}")))
    }
}

/// A body within its bounds, whatever it holds.
pub(super) async fn body(request: Request) -> Result<Bytes, Problem> {
    Bytes::from_request(request, &()).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::too_large(format!("a body has at most {JSON_BODY_MAX} bytes; send less"))
        } else if is_late(&rejection) {
            Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "timeout",
                format!("the body did not arrive within {} s; send it again", BODY_WAIT.as_secs()),
            )
        } else {
            Problem::invalid("the body broke off; send it again")
        }
    })
}

/// Whether the deadline of the body is what stands behind an error.
fn is_late(error: &(dyn Error + 'static)) -> bool {
    iter::successors(Some(error), |&error| error.source()).any(|error| error.is::<TimeoutError>())
}

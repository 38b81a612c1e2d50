//! Errors as clients see them: a status and `{"error":{"code","message"}}`.

use std::fmt;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::shell::handle::Refused;

/// Why a request was not done. The message says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// A word for programs.
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
    ) -> Problem {
        Problem { status, code, message: message.into() }
    }

    /// The asker's fault: something in the request cannot be read or is out of range.
    pub(super) fn invalid(message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "invalid", message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(super) fn method_not_allowed() -> Problem {
        Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "this address does not take this method; docs/api.md lists what it takes",
        )
    }

    pub(super) fn too_large(message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    pub(super) fn unauthorized(message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// Messages are held and cannot be read; asked again they may be.
    pub(super) fn unreadable(status: StatusCode, why: impl fmt::Display) -> Problem {
        Problem::new(status, "unreadable", format!("the conversation cannot be read now: {why}"))
    }

    pub(super) fn gone() -> Problem {
        Refused::Gone("the node is stopping; start it again".to_owned()).into()
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        let message = refused.to_string();
        match refused {
            Refused::Invalid(_) => Problem::invalid(message),
            Refused::Busy(_) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message),
            Refused::Store(_) => Problem::new(StatusCode::INSUFFICIENT_STORAGE, "store", message),
            Refused::Gone(_) => Problem::new(StatusCode::GONE, "gone", message),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.code, "message": self.message}});
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert("www-authenticate", "Bearer".parse().expect("plain ASCII"));
        }
        if self.code == "busy" {
            headers.insert("retry-after", "1".parse().expect("plain ASCII"));
        }
        response
    }
}

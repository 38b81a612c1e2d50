//! `/api`, `/metrics` and `/healthz`.

use std::error::Error;
use std::iter;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Query, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post, put};
use axum::{Json, Router};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::{RequestBodyDeadlineLayer, TimeoutError};
use tower_http::trace::TraceLayer;
use tracing::{Span, trace, trace_span};

use crate::protocol::id::NodeId;
use crate::shell::handle::{Command, Refused, StoreState};

use super::app::App;
use super::limits::{BODY_WAIT, HISTORY_DEFAULT, JSON_BODY_MAX};
use super::message::{Part, check_reference, parse_message_id};
use super::problem::Problem;
use super::{assets, guards, socket, status};

type Answer = Result<Json<Value>, Problem>;

pub(super) fn router(app: App) -> Router {
    Router::new()
        .route("/api/messages", get(messages).post(send))
        .route("/api/messages/{id}", get(message))
        .route("/api/members", get(members))
        .route("/api/members/{id}/aside", post(set_aside))
        .route("/api/status", get(show_status))
        .route("/api/me", put(change_me))
        .route("/api/circle", put(name_circle))
        .route("/api/leave", post(leave))
        .route("/api/invite", get(invite))
        .route("/api/{*rest}", any(no_such_route))
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/ws", get(socket::upgrade))
        .fallback(assets::file)
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(DefaultBodyLimit::max(JSON_BODY_MAX))
        .layer(RequestBodyDeadlineLayer::new(BODY_WAIT))
        .layer(from_fn_with_state(app.clone(), guards::guard))
        .layer((
            // A failure is told by whoever knows what to do.
            TraceLayer::new_for_http()
                .make_span_with(asked)
                .on_request(())
                .on_response(answered)
                .on_failure(()),
            on_every_answer(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            on_every_answer(header::REFERRER_POLICY, "no-referrer"),
            on_every_answer(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            on_every_answer(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
            on_every_answer(header::CACHE_CONTROL, "no-store"),
        ))
        .with_state(app)
}

/// What the log may tell of a request: no query, header or body.
fn asked(request: &Request) -> Span {
    trace_span!("request", method = %request.method(), path = ?request.uri().path())
}

fn answered(response: &Response, took: Duration, span: &Span) {
    trace!(parent: span, status = response.status().as_u16(), ?took, "answered");
}

/// Unless it says otherwise itself.
fn on_every_answer(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

async fn no_such_route() -> Problem {
    Problem::not_found("there is no such route; docs/api.md lists them")
}

/// A JSON body within its bounds of size and time.
struct Payload<T>(T);

impl<T: DeserializeOwned> FromRequest<App> for Payload<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
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

async fn body(request: Request) -> Result<Bytes, Problem> {
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

/// What stands in an address, where it is UTF-8.
fn in_path(part: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    part.map(|Path(part)| part).map_err(|rejection| Problem::invalid(rejection.body_text()))
}

#[derive(Deserialize)]
struct Cursor {
    before: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

async fn messages(State(app): State<App>, cursor: Result<Query<Cursor>, QueryRejection>) -> Answer {
    let Query(cursor) = cursor.map_err(|rejection| Problem::invalid(rejection.body_text()))?;
    let part = Part::parse(cursor.before.as_deref(), cursor.after.as_deref())?;
    let lens = app.lens();
    let limit = cursor.limit.unwrap_or(HISTORY_DEFAULT).min(lens.fitting_with_receipts());
    let (rows, more) = app.read(move |rows| part.read(rows, Some(limit))).await?;
    let messages: Vec<_> = rows.iter().map(|row| lens.message_with_receipts(row)).collect();
    Ok(Json(json!({"messages": messages, "more": more})))
}

async fn message(State(app): State<App>, id: Result<Path<String>, PathRejection>) -> Answer {
    let (author, seq) = parse_message_id(&in_path(id)?)?;
    let row = app.read(move |rows| rows.get(author, seq)).await?;
    let row = row.ok_or_else(|| Problem::not_found("this node does not hold that message"))?;
    Ok(Json(json!(app.lens().message_with_receipts(&row))))
}

#[derive(Deserialize)]
struct Send {
    text: String,
    #[serde(rename = "ref")]
    reference: Option<String>,
}

async fn send(State(app): State<App>, Payload(send): Payload<Send>) -> Result<Response, Problem> {
    check_reference(send.reference.as_deref())?;
    let Send { text, reference } = send;
    let row = app.door.handle.ask(|reply| Command::Send { text, reference, reply }).await?;
    let message = json!(app.lens().message_with_receipts(&row));
    Ok((StatusCode::CREATED, Json(message)).into_response())
}

async fn members(State(app): State<App>) -> Json<Value> {
    Json(json!({"members": status::members_json(&app.view())}))
}

#[derive(Deserialize)]
struct Aside {
    #[serde(default = "yes")]
    aside: bool,
}

fn yes() -> bool {
    true
}

/// Without a body the member is set aside.
async fn set_aside(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Answer {
    let member: NodeId = in_path(id)?.parse().map_err(|_| {
        Problem::invalid("a member's id has 64 lower-case hex digits; /api/members lists them")
    })?;
    if !app.view().members.iter().any(|known| known.id == member) {
        return Err(Problem::not_found("no such member is known; /api/members lists them"));
    }
    let aside = if request.headers().contains_key(header::CONTENT_TYPE) {
        Payload::<Aside>::from_request(request, &app).await?.0.aside
    } else if body(request).await?.is_empty() {
        true
    } else {
        return Err(Problem::invalid("send the body with Content-Type: application/json"));
    };
    done(app.door.handle.ask(|reply| Command::SetAside(member, aside, reply)).await)
}

async fn show_status(State(app): State<App>) -> Json<Value> {
    Json(status::status_json(&app.view(), &app.door.version))
}

#[derive(Deserialize)]
struct Me {
    name: Option<String>,
    read_receipts: Option<bool>,
}

async fn change_me(State(app): State<App>, Payload(me): Payload<Me>) -> Answer {
    if me.name.is_none() && me.read_receipts.is_none() {
        return Err(Problem::invalid("give name, read_receipts or both"));
    }
    if let Some(name) = me.name {
        app.door.handle.ask(|reply| Command::SetName(name, reply)).await?;
    }
    if let Some(told) = me.read_receipts {
        app.door.handle.ask(|reply| Command::SetReadReceipts(told, reply)).await?;
    }
    done(Ok(()))
}

#[derive(Deserialize)]
struct Circle {
    name: String,
}

async fn name_circle(State(app): State<App>, Payload(circle): Payload<Circle>) -> Answer {
    done(app.door.handle.ask(|reply| Command::SetCircle(circle.name, reply)).await)
}

async fn leave(State(app): State<App>) -> Answer {
    done(app.door.handle.ask(Command::Leave).await)
}

/// An empty object: what changed is seen in the view.
fn done(result: Result<(), Refused>) -> Answer {
    result?;
    Ok(Json(json!({})))
}

async fn invite(State(app): State<App>) -> Answer {
    let link = (app.door.invite)(&app.view());
    let qr = QrCode::new(&link).map_err(|_| {
        Problem::invalid(
            "the invitation does not fit a QR code; set fewer RODA_ADVERTISE addresses",
        )
    })?;
    let qr = qr.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
    Ok(Json(json!({"link": link, "qr": qr})))
}

async fn metrics(State(app): State<App>) -> Response {
    let text = app.metrics.render(&app.view(), app.pages_open());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

async fn healthz(State(app): State<App>) -> Response {
    let view = app.view();
    let why = match (&view.store, &view.damaged) {
        (StoreState::Failing(reason), _) => {
            format!("nothing can be stored: {reason}; look at the disk of the data folder")
        }
        (StoreState::Ok, Some(damage)) => damage.clone(),
        (StoreState::Ok, None) => return "ok".into_response(),
    };
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store", why).into_response()
}

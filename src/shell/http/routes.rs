//! `/api`, `/metrics` and `/healthz`.

use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, FromRequest, Query, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post, put};
use axum::{Json, Router};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;
use serde_json::{Value, json};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyDeadlineLayer;
use tower_http::trace::TraceLayer;
use tracing::{Span, trace, trace_span};

use crate::protocol::id::NodeId;
use crate::shell::handle::{Command, Refused, StoreState, View};

use super::app::App;
use super::door::CircleDoor;
use super::limits::{BODY_WAIT, HISTORY_DEFAULT, JSON_BODY_MAX};
use super::members::members_json;
use super::message::{Part, check_reference, parse_message_id};
use super::problem::Problem;
use super::request::{Named, Payload, body};
use super::{assets, guards, socket, status};

type Answer = Result<Json<Value>, Problem>;

/// The routes of one circle.
fn of_circle() -> Router<App> {
    Router::new()
        .route("/messages", get(messages).post(send))
        .route("/messages/{id}", get(message))
        .route("/members", get(members))
        .route("/members/{id}/aside", post(set_aside))
        .route("/status", get(show_status))
        .route("/me", put(change_me))
        .route("/circle", put(name_circle))
        .route("/leave", post(leave))
        .route("/invite", get(invite))
}

pub(super) fn router(app: App) -> Router {
    Router::new()
        .nest("/api", of_circle())
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

#[derive(Deserialize)]
struct Cursor {
    before: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

async fn messages(circle: CircleDoor, cursor: Result<Query<Cursor>, QueryRejection>) -> Answer {
    let Query(cursor) = cursor.map_err(|rejection| Problem::invalid(rejection.body_text()))?;
    let part = Part::parse(cursor.before.as_deref(), cursor.after.as_deref())?;
    let lens = circle.lens();
    let limit = cursor.limit.unwrap_or(HISTORY_DEFAULT).min(lens.fitting_with_receipts());
    let (rows, more) = circle.read(move |rows| part.read(rows, Some(limit))).await?;
    let messages: Vec<_> = rows.iter().map(|row| lens.message_with_receipts(row)).collect();
    Ok(Json(json!({"messages": messages, "more": more})))
}

async fn message(circle: CircleDoor, named: Named) -> Answer {
    let (author, seq) = parse_message_id(&named.id)?;
    let row = circle.read(move |rows| rows.get(author, seq)).await?;
    let row = row.ok_or_else(|| Problem::not_found("this node does not hold that message"))?;
    Ok(Json(json!(circle.lens().message_with_receipts(&row))))
}

#[derive(Deserialize)]
struct Send {
    text: String,
    #[serde(rename = "ref")]
    reference: Option<String>,
}

async fn send(circle: CircleDoor, Payload(send): Payload<Send>) -> Result<Response, Problem> {
    check_reference(send.reference.as_deref())?;
    let Send { text, reference } = send;
    let row = circle.handle.ask(|reply| Command::Send { text, reference, reply }).await?;
    let message = json!(circle.lens().message_with_receipts(&row));
    Ok((StatusCode::CREATED, Json(message)).into_response())
}

async fn members(circle: CircleDoor) -> Json<Value> {
    Json(json!({"members": members_json(&circle.view())}))
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
async fn set_aside(circle: CircleDoor, named: Named, request: Request) -> Answer {
    let member: NodeId = named.id.parse().map_err(|_| {
        Problem::invalid("a member's id has 64 lower-case hex digits; /api/members lists them")
    })?;
    if !circle.view().members.iter().any(|known| known.id == member) {
        return Err(Problem::not_found("no such member is known; /api/members lists them"));
    }
    let aside = if request.headers().contains_key(header::CONTENT_TYPE) {
        Payload::<Aside>::from_request(request, &()).await?.0.aside
    } else if body(request).await?.is_empty() {
        true
    } else {
        return Err(Problem::invalid("send the body with Content-Type: application/json"));
    };
    done(circle.handle.ask(|reply| Command::SetAside(member, aside, reply)).await)
}

async fn show_status(State(app): State<App>, circle: CircleDoor) -> Json<Value> {
    Json(status::status_json(&circle.view(), &app.door.home))
}

#[derive(Deserialize)]
struct Me {
    name: Option<String>,
    read_receipts: Option<bool>,
}

async fn change_me(circle: CircleDoor, Payload(me): Payload<Me>) -> Answer {
    if me.name.is_none() && me.read_receipts.is_none() {
        return Err(Problem::invalid("give name, read_receipts or both"));
    }
    if let Some(name) = me.name {
        circle.handle.ask(|reply| Command::SetName(name, reply)).await?;
    }
    if let Some(told) = me.read_receipts {
        circle.handle.ask(|reply| Command::SetReadReceipts(told, reply)).await?;
    }
    done(Ok(()))
}

#[derive(Deserialize)]
struct CircleName {
    name: String,
}

async fn name_circle(circle: CircleDoor, Payload(named): Payload<CircleName>) -> Answer {
    done(circle.handle.ask(|reply| Command::SetCircle(named.name, reply)).await)
}

async fn leave(circle: CircleDoor) -> Answer {
    done(circle.handle.ask(Command::Leave).await)
}

/// An empty object: what changed is seen in the view.
fn done(result: Result<(), Refused>) -> Answer {
    result?;
    Ok(Json(json!({})))
}

async fn invite(State(app): State<App>, circle: CircleDoor) -> Answer {
    let link = (circle.invite)(&app.door.home);
    let qr = QrCode::new(&link).map_err(|_| {
        Problem::invalid(
            "the invitation does not fit a QR code; set fewer RODA_ADVERTISE addresses",
        )
    })?;
    let qr = qr.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
    Ok(Json(json!({"link": link, "qr": qr})))
}

async fn metrics(State(app): State<App>, circle: CircleDoor) -> Response {
    let text = app.metrics.render(&circle.view(), app.pages_open());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

async fn healthz(State(app): State<App>) -> Response {
    match app.door.circles.values().find_map(|circle| trouble(&circle.view())) {
        Some(why) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store", why).into_response(),
        None => "ok".into_response(),
    }
}

/// What ails the circle's store.
fn trouble(view: &View) -> Option<String> {
    match &view.store {
        StoreState::Failing(reason) => {
            Some(format!("nothing can be stored: {reason}; look at the disk of the data folder"))
        }
        StoreState::Ok => view.damaged.clone(),
    }
}

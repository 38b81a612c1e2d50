//! A page's WebSocket: upgrade, login, its writer, its end. What is said meanwhile is `live`'s.

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::app::App;
use super::door::Login;
use super::ended::{Ended, close, stopping};
use super::frames::{FromPage, plain_error_frame};
use super::limits::{
    AUTH_WAIT, CLOSE_WAIT, FRAME_CUT_MAX, PAGE_QUEUE_MAX, PAGES_MAX, SLOW_PAGE, WRITE_BATCH_MAX,
};
use super::live::Page;
use super::problem::Problem;
use super::slots::Busy;

pub(super) async fn upgrade(
    State(app): State<App>,
    busy: Option<Extension<Busy>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    match upgrade {
        Ok(upgrade) => {
            let tasks = app.tasks.clone();
            upgrade.max_message_size(FRAME_CUT_MAX).max_frame_size(FRAME_CUT_MAX).on_upgrade(
                move |socket| {
                    tasks.track_future(async move {
                        page(app, socket).await;
                        drop(busy);
                    })
                },
            )
        }
        Err(_) => Problem::invalid("this address speaks WebSocket only; open it from the page")
            .into_response(),
    }
}

async fn page(app: App, socket: WebSocket) {
    let (sink, mut stream) = socket.split();
    let (queue, waiting) = mpsc::channel(PAGE_QUEUE_MAX);
    let writer = tokio::spawn(write(sink, waiting));
    let ended = talk(&app, &mut stream, &queue).await;
    if let Some(Ended(code, reason)) = ended {
        let close = CloseFrame { code, reason: reason.into() };
        let _ = timeout(SLOW_PAGE, queue.send(Message::Close(Some(close)))).await;
    }
    drop(queue);
    // The writer bounds its own waits.
    let written = writer.await.unwrap_or(false);
    if written {
        // Closing with unread data in the socket would tear the last frames away from the page.
        let drained = async { while let Some(Ok(_)) = stream.next().await {} };
        let _ = timeout(CLOSE_WAIT, drained).await;
    }
}

/// Login, a place among the pages, then the conversation. None where the page has gone.
async fn talk(
    app: &App,
    stream: &mut SplitStream<WebSocket>,
    queue: &mpsc::Sender<Message>,
) -> Option<Ended> {
    if matches!(app.door.login, Login::Token(_)) {
        let authorized = tokio::select! {
            authorized = timeout(AUTH_WAIT, authorize(app, stream)) => authorized,
            () = app.cancel.cancelled() => return Some(stopping()),
        };
        if !matches!(authorized, Ok(true)) {
            let problem = Problem::unauthorized(format!(
                "send {{\"type\":\"auth\",\"token\":…}} first and within {} s; `roda link` shows \
                 the token",
                AUTH_WAIT.as_secs()
            ));
            queue.send(plain_error_frame(&problem).into()).await.ok()?;
            return Some(Ended(close::POLICY, "unauthorized"));
        }
    }
    let Ok(_place) = app.pages.clone().try_acquire_owned() else {
        let problem = Problem::new(
            axum::http::StatusCode::SERVICE_UNAVAILABLE,
            "too_many_pages",
            format!("{PAGES_MAX} pages are open at this node already; close one of them"),
        );
        queue.send(plain_error_frame(&problem).into()).await.ok()?;
        return Some(Ended(close::TRY_AGAIN_LATER, "too many pages"));
    };
    Page::new(app, queue.clone()).run(stream).await
}

async fn authorize(app: &App, stream: &mut SplitStream<WebSocket>) -> bool {
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => {
                return matches!(
                    serde_json::from_str(&text),
                    Ok(FromPage::Auth { token }) if app.door.login.opens(&token)
                );
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            _ => return false,
        }
    }
}

/// Writes what is queued, one flush per drained batch; true where all was written. A page that
/// takes nothing for [`SLOW_PAGE`] is given up: its queue closes.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut waiting: mpsc::Receiver<Message>,
) -> bool {
    let mut batch = Vec::with_capacity(WRITE_BATCH_MAX);
    while waiting.recv_many(&mut batch, WRITE_BATCH_MAX).await > 0 {
        let written = async {
            for message in batch.drain(..) {
                sink.feed(message).await?;
            }
            sink.flush().await
        };
        if !matches!(timeout(SLOW_PAGE, written).await, Ok(Ok(()))) {
            return false;
        }
    }
    true
}

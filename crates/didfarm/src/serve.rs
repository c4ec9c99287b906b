//! `didfarm serve`: wires everything together and runs it until it is told to stop.

use std::{
    fs::DirBuilder, os::unix::fs::DirBuilderExt, process::ExitCode, sync::Arc, time::Duration,
};

use anyhow::Context;
use api::{Api, Entrance};
use engine::{Clock, Engine, Site};
use metrics_exporter_prometheus::PrometheusBuilder;
use store::{Access, Store, api_keys};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    cli::ServeOptions,
    config::{self, Config},
    demo, documents, listen, portal,
};

/// Carriers' windows are drained this long at the stop.
const DRAIN: Duration = Duration::from_secs(10);

/// A second signal, or this long after the first, ends it all.
const STOP_WITHIN: Duration = Duration::from_secs(25);

/// A thread that hashed a password ends soon: only then the 19 MiB that it took go back.
const BLOCKING_THREAD_KEPT: Duration = Duration::from_secs(1);

pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_keep_alive(BLOCKING_THREAD_KEPT)
        .build()
        .context("the asynchronous runtime cannot start")
}

pub(crate) fn run(options: &ServeOptions) -> anyhow::Result<ExitCode> {
    let config = config::serve(options)?;
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,memory_serve=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    take_small_pages();
    let runtime = runtime()?;
    let served = runtime.block_on(serve(config));
    runtime.shutdown_timeout(Duration::from_secs(1));
    served.map(|()| ExitCode::SUCCESS)
}

/// The allocator asks for huge pages: a page of which anything is used is then 2 MiB. Without them an
/// idle server is smaller and a busy one as fast; see `docs/performance.md`.
fn take_small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::warn!(%error, "huge pages stay: an idle server holds more memory");
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(&config.data.dir).with_context(|| {
        format!("the data directory {} cannot be made", config.data.dir.display())
    })?;
    // Each connection takes a file; the system's default is low and its limit is not.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the number of open files stays as it is");
    }
    let stop = stop_signal()?;
    // Before anything is made, should the address be taken.
    let listener = listen::bind(config.listen).await?;
    let prometheus = PrometheusBuilder::new().install_recorder()?;
    let clock = Clock::System;
    let store = Store::open(&config.data.location, Access::Server, config.durable, clock.now())
        .await
        .context("the database cannot be opened")?;
    let base_url = config
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://{}", listener.local_addr().unwrap_or(config.listen)));
    let base_url = base_url.trim_end_matches('/').to_owned();
    let site = Site {
        public_url: base_url.clone(),
        brand: config.brand,
        mailer: config.mailer,
        demo: config.demo,
        seller: config.seller,
    };
    let defaults = engine::Config::default();
    let engine_config = engine::Config {
        prices: config.prices,
        account_currency: config.account_currency,
        site,
        webhooks: config.webhooks,
        stripe: config.stripe,
        ..defaults
    };
    let engine = Engine::new(store, clock, engine_config);

    let welcome = if config.demo {
        Some(demo::prepare(&engine, &config.data.dir, &base_url).await?)
    } else {
        None
    };
    engine.start().await?;
    if !config.behind_proxy {
        warn_of_bound_keys(&engine).await?;
    }

    let currency = engine.config().account_currency;
    if !engine.sells_in(currency).await? {
        tracing::warn!(
            %currency,
            "nobody can sign up: set the price of a segment to + in this currency first"
        );
    }

    let api = Api::new(Arc::clone(&engine), prometheus, config.behind_proxy, std::process::id());
    let Site { public_url, brand, .. } = &engine.config().site;
    let site = documents::Site { public_url: public_url.clone(), brand: brand.clone() };
    let entrance = Entrance::new(api.clone(), portal::routes().merge(documents::routes(&site)));
    if let Some(address) = config.metrics_listen {
        let listener = listen::bind(address).await?;
        tokio::spawn(listen::serve(listener, Entrance::to_metrics(api), stop.clone()));
    }
    println!("listening on http://{}", listener.local_addr()?);
    if let Some(welcome) = welcome {
        println!("{welcome}");
    }
    let ending = Arc::clone(&engine);
    let stopping = stop.clone();
    let deadline = tokio::spawn(async move {
        stopping.cancelled().await;
        // Open event streams end with this; everything else finishes.
        ending.stopping().cancel();
        tokio::time::sleep(STOP_WITHIN).await;
        eprintln!("didfarm: stopping took too long; what was answered is stored");
        std::process::exit(1);
    });
    listen::serve(listener, entrance, stop).await;
    engine.stop(DRAIN).await;
    deadline.abort();
    tracing::info!("stopped");
    Ok(())
}

/// Behind a proxy that is not declared, every client has its address.
async fn warn_of_bound_keys(engine: &Engine) -> anyhow::Result<()> {
    let now = engine.clock().now();
    let bound = engine.store().read(move |tx| api_keys::count_bound(tx, now)).await?;
    if bound > 0 {
        tracing::warn!(
            keys = bound,
            "API keys are bound to networks and --behind-proxy is off: if a reverse proxy is in \
             front of this server, all of them are refused; start it with --behind-proxy"
        );
    }
    Ok(())
}

/// Cancelled by SIGTERM or SIGINT.
fn stop_signal() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let cancelled = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        cancelled.cancel();
    });
    Ok(stop)
}

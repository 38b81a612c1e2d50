//! How a page is looked at: size, language, and what its reader's system asks of it.

use serde_json::json;

use crate::page::Page;

/// What a browser, its system and its reader bring along.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Of the window, in pixels at zoom 1. Below 600 it is a phone.
    pub width: u32,
    pub height: u32,
    pub dark: bool,
    /// The browser's first language: `en`, `pt-BR`, or one that the page does not have.
    pub language: &'static str,
    /// As with Ctrl and +: 2 leaves half as many CSS pixels.
    pub zoom: f64,
    /// The reader asks for little motion.
    pub still: bool,
    /// The system puts colours of its own in place of the page's.
    pub forced_colours: bool,
}

impl Default for Look {
    fn default() -> Look {
        Look {
            width: 1280,
            height: 800,
            dark: false,
            language: "en",
            zoom: 1.0,
            still: false,
            forced_colours: false,
        }
    }
}

impl Look {
    /// A phone, held upright.
    pub fn phone() -> Look {
        Look { width: 390, height: 844, ..Look::default() }
    }

    pub fn dark(self) -> Look {
        Look { dark: true, ..self }
    }

    pub fn in_language(self, language: &'static str) -> Look {
        Look { language, ..self }
    }

    /// Makes the browser of `page` look so, before it opens an address.
    pub async fn emulate(&self, page: &Page) {
        let size = json!({
            "width": (f64::from(self.width) / self.zoom).round(),
            "height": (f64::from(self.height) / self.zoom).round(),
            "deviceScaleFactor": self.zoom,
            "mobile": self.width < 600,
        });
        page.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let feature = |name, value: &str| json!({ "name": name, "value": value });
        let features = [
            feature("prefers-color-scheme", if self.dark { "dark" } else { "light" }),
            feature("prefers-reduced-motion", if self.still { "reduce" } else { "no-preference" }),
            feature("forced-colors", if self.forced_colours { "active" } else { "none" }),
        ];
        page.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
        page.devtools("Emulation.setLocaleOverride", json!({ "locale": self.language })).await;
        let agent = page.run("navigator.userAgent").await;
        let wishes = json!({ "userAgent": agent, "acceptLanguage": self.language });
        page.devtools("Emulation.setUserAgentOverride", wishes).await;
    }
}

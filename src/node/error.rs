//! Why a node does not start.

/// Why a node does not start. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is at fault.
    #[error("{0}")]
    Setting(String),
    /// Something else is.
    #[error("{0}")]
    Failed(String),
}

impl StartError {
    /// Whether a setting is at fault, so that another would help.
    pub fn is_setting(&self) -> bool {
        matches!(self, StartError::Setting(_))
    }
}

//! Just enough of an HTTP answer: status and length.

use anyhow::Context;
use memchr::memmem;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Up to and with the empty line.
    pub(crate) octets: usize,
    /// 0 where no `content-length` says otherwise.
    pub(crate) body_octets: usize,
}

impl Head {
    /// `None` while the head is not whole. Header names are expected in lower case,
    /// as the servers that are measured write them.
    pub(crate) fn parse(bytes: &[u8]) -> anyhow::Result<Option<Self>> {
        let Some(end) = memmem::find(bytes, b"\r\n\r\n") else { return Ok(None) };
        let status = bytes.get(9..12).and_then(number).context("an answer without a status")?;
        let length = memmem::find(&bytes[..end], b"\ncontent-length: ")
            .map(|at| {
                let rest = &bytes[at + 17..end];
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                number(&rest[..digits]).context("a content-length that is no number")
            })
            .transpose()?;
        Ok(Some(Self {
            status: u16::try_from(status).context("a status of more than three digits")?,
            octets: end + 4,
            body_octets: length.unwrap_or(0),
        }))
    }
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_status_and_lengths() {
        let bytes = b"HTTP/1.1 201 Created\r\ncontent-length: 12\r\nx-y: z\r\n\r\n{";
        let head = Head::parse(bytes).unwrap().unwrap();
        assert_eq!(head, Head { status: 201, octets: bytes.len() - 1, body_octets: 12 });
        assert_eq!(Head::parse(b"HTTP/1.1 200 OK\r\n").unwrap(), None);
    }
}

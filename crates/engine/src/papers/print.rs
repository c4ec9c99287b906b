//! Papers as PDF files.

use domain::{Currency, Micros, Timestamp};
use store::papers::{Paper, Subject};
use thiserror::Error;

use super::{
    Content, PaperBody, Receipt, Statement, StatementLine,
    sheet::{LEFT, RIGHT, Sheet, Weight::Bold, Weight::Regular},
};

/// A paper that is kept cannot be printed: a fault of the program, told in its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the paper cannot be printed")]
pub struct PrintError;

/// Text of tables.
const SMALL: f32 = 9.0;

/// Where a table's second and third columns begin.
const SECOND: f32 = LEFT + 190.0;
const THIRD: f32 = LEFT + 330.0;

/// A paper as a PDF file, fonts and all. The same paper is always the same in words and figures.
pub fn print(paper: &Paper) -> Result<Vec<u8>, PrintError> {
    let body: PaperBody = serde_json::from_str(&paper.body).map_err(|error| {
        tracing::error!(%error, paper = paper.id, "a paper cannot be read");
        PrintError
    })?;
    let mut sheet = Sheet::new();
    let title = match body.content {
        Content::Receipt(_) => "Receipt",
        Content::Statement(_) => "Statement",
    };
    head(&mut sheet, paper, &body, title);
    match &body.content {
        Content::Receipt(receipt) => print_receipt(&mut sheet, receipt, paper.currency),
        Content::Statement(statement) => print_statement(&mut sheet, statement, paper.currency),
    }
    let label = paper.label();
    sheet.finish(&format!("{title} {label}"), &format!("{} · {title} {label}", body.seller.name))
}

fn head(sheet: &mut Sheet, paper: &Paper, body: &PaperBody, title: &str) {
    let PaperBody { seller, customer, .. } = body;
    let whole = (LEFT, RIGHT);
    sheet.wrapped(&seller.name, whole, 13.0, Bold);
    for line in &seller.address {
        sheet.wrapped(line, whole, SMALL, Regular);
    }
    let named = [("VAT number", &seller.vat_number), ("Registration", &seller.registration)];
    for (name, value) in named {
        if let Some(value) = value {
            sheet.wrapped(&format!("{name}: {value}"), whole, SMALL, Regular);
        }
    }
    if let Some(email) = &seller.email {
        sheet.wrapped(email, whole, SMALL, Regular);
    }
    sheet.gap(22.0);
    sheet.wrapped(title, whole, 20.0, Bold);
    sheet.gap(6.0);
    let mut facts = vec![("Number", paper.label()), ("Date", day_of(paper.issued_at))];
    if let Subject::Period(from, to) = paper.subject {
        let last = to.minus(std::time::Duration::from_secs(1));
        facts.push(("Period", format!("{} to {} (UTC)", day_of(from), day_of(last))));
    }
    facts.push(("Account", customer.account.to_string()));
    facts.push(("Customer", customer.name.clone()));
    facts.push(("E-mail", customer.email.clone()));
    for (name, value) in facts {
        let above = sheet.y;
        sheet.wrapped(name, (LEFT, LEFT + 90.0), 10.0, Regular);
        if sheet.y > above {
            sheet.y = above;
        }
        sheet.wrapped(&value, (LEFT + 90.0, RIGHT), 10.0, Bold);
    }
    sheet.gap(22.0);
}

fn print_receipt(sheet: &mut Sheet, receipt: &Receipt, currency: Currency) {
    let sum = |micros: i64| money(Micros::new(micros), currency);
    sheet.row(&[(LEFT, "Description")], "Amount", SMALL, Bold);
    sheet.gap(5.0);
    sheet.rule();
    let what = format!("Wallet top-up {}", receipt.topup);
    sheet.row(&[(LEFT, &what)], &sum(receipt.net), 10.0, Regular);
    sheet.gap(8.0);
    sheet.rule();
    sheet.row(&[(THIRD, "Net")], &sum(receipt.net), 10.0, Regular);
    let vat = format!("VAT {} %", receipt.vat_rate);
    sheet.row(&[(THIRD, &vat)], &sum(receipt.vat), 10.0, Regular);
    sheet.row(&[(THIRD, "Total paid")], &sum(receipt.gross), 10.0, Bold);
    sheet.gap(18.0);
    let how =
        if receipt.by_card { "Paid by card." } else { "Paid in a demonstration: no money moved." };
    let how = match &receipt.payment {
        Some(payment) => format!("{how} Payment: {payment}"),
        None => how.to_owned(),
    };
    sheet.wrapped(&how, (LEFT, RIGHT), SMALL, Regular);
}

fn print_statement(sheet: &mut Sheet, statement: &Statement, currency: Currency) {
    let sum = |micros: i64| money(Micros::new(micros), currency);
    sheet.row(&[(LEFT, "Opening balance")], &sum(statement.opening), 10.0, Bold);
    sheet.gap(6.0);
    for (kind, name) in SECTIONS {
        let lines: Vec<&StatementLine> =
            statement.lines.iter().filter(|line| line.kind == *kind).collect();
        if lines.is_empty() {
            continue;
        }
        let total: i64 = lines.iter().map(|line| line.amount).sum();
        let count: i64 = lines.iter().map(|line| line.count).sum();
        sheet.room(48.0);
        sheet.gap(6.0);
        sheet.rule();
        let count = format!("{count} ×");
        sheet.row(&[(LEFT, name), (SECOND, &count)], &sum(total), 10.0, Bold);
        for line in lines {
            let Some(of) = of_what(line) else { continue };
            let count = format!("{} ×", line.count);
            sheet.row(&[(LEFT + 12.0, &of), (SECOND, &count)], &sum(line.amount), SMALL, Regular);
        }
    }
    sheet.gap(6.0);
    sheet.rule();
    sheet.row(&[(LEFT, "Closing balance")], &sum(statement.closing), 10.0, Bold);
    sheet.gap(14.0);
    let note = "Messages are counted on the day (UTC) on which they were accepted or given back. Amounts are net \
        of VAT, which was paid with each top-up.";
    sheet.wrapped(note, (LEFT, RIGHT), 8.0, Regular);
}

/// Kinds of transfers in the order of a statement, named for somebody who keeps books. Each that
/// moves a wallet is here: `each_kind_has_a_section`.
const SECTIONS: &[(&str, &str)] = &[
    ("topup", "Top-ups"),
    ("topup_refund", "Top-ups paid back"),
    ("dispute", "Disputed payments"),
    ("restored", "Payments given back"),
    ("settle", "Settled debt"),
    ("credit", "Credit"),
    ("reserve", "Messages"),
    ("void", "Messages given back"),
    ("setup", "Number set-up"),
    ("number", "Numbers, by the month"),
    ("sms_addon", "SMS on numbers, by the month"),
    ("refund", "Numbers refunded"),
];

/// The day or the number of a line; none where its section says it all.
fn of_what(line: &StatementLine) -> Option<String> {
    match line.day {
        Some(day) => Some(day_of(Timestamp::from_micros(day * 86_400_000_000))),
        None => line.number.clone(),
    }
}

fn day_of(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

/// `€20.00`, `-€0.008`; with the code where a sign would not say which currency.
fn money(amount: Micros, currency: Currency) -> String {
    let figure = amount.to_string();
    if currency != Currency::EUR {
        return format!("{figure} {currency}");
    }
    match figure.strip_prefix('-') {
        Some(figure) => format!("-€{figure}"),
        None => format!("€{figure}"),
    }
}

#[cfg(test)]
mod tests {
    use store::ledger::TransferKind;

    use super::SECTIONS;

    #[test]
    fn each_kind_has_a_section() {
        for kind in TransferKind::ALL {
            // These move what is held or owed, never what is available.
            let elsewhere = matches!(kind, TransferKind::Post | TransferKind::Debt);
            let here = SECTIONS.iter().any(|(section, _)| *section == kind.as_str());
            assert_ne!(here, elsewhere, "{kind:?}");
        }
    }
}

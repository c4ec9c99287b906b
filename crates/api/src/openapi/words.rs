//! Fields and parameters whose values are fixed words: the document lists them.

use domain::{
    Delivery, Direction, Language, MessageStatus, NumberStatus, NumberType, Theme, api_keys::Scope,
    catalogue::Activation, receipts::ReceiptState, text::Encoding, webhooks::WebhookEvent,
};
use store::{
    accounts::AccountStatus,
    attempts::AttemptState,
    imports::{ImportKind, ImportState},
    orders::OrderStatus,
    reversals::{ReversalKind, ReversalState},
    topups::{Cause, Provider},
    webhooks::{DisabledReason, WebhookStatus, deliveries::DeliveryStatus},
};
use utoipa::openapi::{
    OpenApi, RefOr, Schema,
    schema::{ArrayItems, SchemaType, Type},
};

type Words = Vec<&'static str>;

macro_rules! all {
    ($words:ident) => {
        $words::ALL.iter().map(|word| word.as_str()).collect::<Words>()
    };
}

/// `(field, schemas that have it, words)`.
fn fields() -> Vec<(&'static str, &'static [&'static str], Words)> {
    vec![
        ("direction", &["MessageView"], all!(Direction)),
        ("status", &["MessageView", "TimelineEvent"], all!(MessageStatus)),
        ("encoding", &["MessageView", "QuoteView"], all!(Encoding)),
        ("delivery", &["SendBody"], all!(Delivery)),
        ("status", &["PartView"], vec!["waiting", "sent", "delivered", "failed"]),
        ("state", &["AttemptView"], all!(AttemptState)),
        ("receipt", &["AttemptView"], all!(ReceiptState)),
        (
            "type",
            &[
                "NumberView",
                "AvailableView",
                "OrderItemView",
                "OperatorNumberView",
                "NewNumberBody",
                "NumberPatchBody",
                "NumberPriceBody",
                "NumberPriceView",
            ],
            all!(NumberType),
        ),
        (
            "status",
            &["OperatorNumberView", "NewNumberBody", "NumberPatchBody", "NumberStatusData"],
            all!(NumberStatus),
        ),
        // A customer's number is not available any more.
        (
            "status",
            &["NumberView"],
            NumberStatus::ALL
                .iter()
                .filter(|status| **status != NumberStatus::Available)
                .map(|status| status.as_str())
                .collect(),
        ),
        ("activation", &["OfferView", "NumberPriceView", "NumberPriceBody"], all!(Activation)),
        ("status", &["OrderView"], all!(OrderStatus)),
        (
            "kind",
            &["TransactionView"],
            vec![
                "sms",
                "sms_refund",
                "credit",
                "topup",
                "topup_refund",
                "topup_restored",
                "dispute",
                "debt",
                "refund",
                "number_setup",
                "number",
                "sms_addon",
            ],
        ),
        ("kind", &["ChargeView"], vec!["number", "sms_addon"]),
        ("kind", &["ImportView"], all!(ImportKind)),
        ("status", &["ImportView"], all!(ImportState)),
        ("status", &["TopupView"], vec!["pending", "paid", "failed"]),
        ("provider", &["OperatorTopupView"], all!(Provider)),
        ("cause", &["OperatorTopupView"], all!(Cause)),
        ("kind", &["ReversalView"], all!(ReversalKind)),
        ("status", &["ReversalView"], all!(ReversalState)),
        ("mode", &["ApiKeyView", "NewApiKey"], vec!["live", "test"]),
        ("scopes", &["ApiKeyView", "NewApiKey"], all!(Scope)),
        ("events", &["WebhookView"], all!(WebhookEvent)),
        ("event", &["DeliveryView", "TestBody"], all!(WebhookEvent)),
        ("status", &["DeliveryView"], all!(DeliveryStatus)),
        ("status", &["WebhookView", "WebhookPatchBody"], all!(WebhookStatus)),
        ("disabled_reason", &["WebhookView"], all!(DisabledReason)),
        ("role", &["SessionView"], vec!["customer", "operator"]),
        ("language", &["SessionView", "ProfileBody"], all!(Language)),
        ("theme", &["SessionView", "ProfileBody"], all!(Theme)),
        ("status", &["AccountView", "AccountPatchBody"], all!(AccountStatus)),
        ("status", &["ReportRow"], vec!["pending", "delivered", "failed", "received"]),
        ("kind", &["CarrierView", "NewCarrierBody"], vec!["smpp", "simulator"]),
        ("state", &["LinkView"], vec!["bound", "connecting", "down", "disabled"]),
        ("state", &["BillingView"], vec!["running", "halted"]),
        ("event", &["SmsReceivedPayload"], vec!["sms.received"]),
        ("event", &["SmsStatusPayload"], vec!["sms.sent", "sms.delivered", "sms.failed"]),
        ("status", &["SmsStatusData"], vec!["sent", "delivered", "failed"]),
        ("event", &["NumberStatusPayload"], vec!["number.status"]),
        ("event", &["LowBalancePayload"], vec!["wallet.low_balance"]),
        ("event", &["RechargeFailedPayload"], vec!["wallet.recharge_failed"]),
    ]
}

/// `(path, parameter of its GET, words)`.
fn parameters() -> Vec<(&'static str, &'static str, Words)> {
    vec![
        ("/portal/sms", "direction", all!(Direction)),
        ("/portal/sms", "status", all!(MessageStatus)),
        ("/operator/messages", "direction", all!(Direction)),
        ("/operator/messages", "status", all!(MessageStatus)),
        ("/operator/numbers", "status", all!(NumberStatus)),
        ("/portal/numbers/available", "type", all!(NumberType)),
        ("/portal/webhooks/{id}/deliveries", "status", all!(DeliveryStatus)),
    ]
}

/// Lists the words where they belong; answers what the document does not have.
pub(super) fn list(document: &mut OpenApi) -> Vec<String> {
    let mut missing = Vec::new();
    let components = document.components.get_or_insert_default();
    for (field, schemas, words) in fields() {
        for name in schemas {
            let property =
                components.schemas.get_mut(*name).and_then(|schema| property(schema, field));
            if !property.is_some_and(|property| restrict(property, &words)) {
                missing.push(format!("{name}.{field}"));
            }
        }
    }
    for (path, name, words) in parameters() {
        let operation = document.paths.paths.get_mut(path).and_then(|item| item.get.as_mut());
        let schema = operation
            .and_then(|operation| operation.parameters.as_mut())
            .into_iter()
            .flatten()
            .find_map(|parameter| match parameter {
                RefOr::T(parameter) if parameter.name == name => parameter.schema.as_mut(),
                _ => None,
            });
        if !schema.is_some_and(|schema| restrict(schema, &words)) {
            missing.push(format!("{path}?{name}"));
        }
    }
    missing
}

/// A field of an object, or of one that is put together.
fn property<'a>(schema: &'a mut RefOr<Schema>, field: &str) -> Option<&'a mut RefOr<Schema>> {
    match schema {
        RefOr::T(Schema::Object(object)) => object.properties.get_mut(field),
        RefOr::T(Schema::AllOf(all)) => all.items.iter_mut().find_map(|part| property(part, field)),
        _ => None,
    }
}

/// Answers false where it is no string, nor a list of strings.
fn restrict(schema: &mut RefOr<Schema>, words: &Words) -> bool {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            let mut values: Vec<serde_json::Value> =
                words.iter().map(|word| (*word).into()).collect();
            match &object.schema_type {
                SchemaType::Type(Type::String) => {}
                SchemaType::Array(types) if types.contains(&Type::String) => {
                    if types.contains(&Type::Null) {
                        values.push(serde_json::Value::Null);
                    }
                }
                _ => return false,
            }
            object.enum_values = Some(values);
            true
        }
        RefOr::T(Schema::Array(array)) => match &mut array.items {
            ArrayItems::RefOrSchema(items) => restrict(items, words),
            ArrayItems::False => false,
        },
        _ => false,
    }
}

/** Short names of the generated types; nothing is declared here by hand. */
import type { components, paths } from "./schema";

type Schemas = components["schemas"];

export type { paths };
export type Message = Schemas["MessageView"];
export type MessageDetail = Schemas["MessageDetail"];
export type MessageStatus = Message["status"];
export type Direction = Message["direction"];
export type Encoding = Message["encoding"];
export type MyNumber = Schemas["NumberView"];
export type NumberType = MyNumber["type"];
export type NumberStatus = MyNumber["status"];
export type Money = Schemas["Money"];
export type Wallet = Schemas["WalletView"];
export type TopUpLimits = Schemas["TopupLimits"];
export type UpcomingCharges = Schemas["UpcomingView"];
export type Charge = Schemas["ChargeView"];
export type Paper = Schemas["PaperView"];
export type Report = Schemas["Report"];
export type ReportRow = Schemas["ReportRow"];
export type Transaction = Schemas["TransactionView"];
export type ApiKey = Schemas["ApiKeyView"];
export type Session = Schemas["SessionView"];
export type Conversation = Schemas["ConversationView"];
export type AvailableNumber = Schemas["AvailableView"];
export type Order = Schemas["OrderView"];
export type Webhook = Schemas["WebhookView"];
export type MessagingProfile = Schemas["MessagingProfileView"];
export type NewMessagingProfile = Schemas["MessagingProfilePatchBody"];
export type WebhookDelivery = Schemas["DeliveryView"];
export type WebhookAttempt = Schemas["WebhookAttemptView"];
export type LoggedRequest = Schemas["RequestView"];
export type Failure = Schemas["Failure"];
export type Stats = Schemas["StatsView"];

"""What is said in the demo."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["CHAT", "FAQ", "PAGES", "PRODUCTS", "PROMPTS", "TICKETS", "Entry", "Ticket", "Turn"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A question to the help desk, what it is about, and the answer that it gets."""

    language: str
    customer: str
    intent: Literal["parcel", "refund", "advice", "receipt"]
    text: str
    answer: str


TICKETS = (
    Ticket(
        "en",
        "c-1041",
        "parcel",
        "Hi, my order 48213 was due on Tuesday and the tracking page has not moved since. Where is it?",
        "Your parcel left Bergen yesterday and should reach you tomorrow before noon. Sorry for the wait!",
    ),
    Ticket(
        "de",
        "c-1077",
        "refund",
        "Der Reißverschluss der Jacke ist nach zwei Wochen kaputt. Ich möchte mein Geld zurück. Bestellung 48250.",
        "Das tut uns leid! Wir haben Ihnen 189,00 € erstattet; der Betrag ist in drei bis fünf Tagen auf Ihrem Konto.",
    ),
    Ticket(
        "en",
        "c-1102",
        "advice",
        "Which sleeping bag for the Jotunheimen in late September? I sleep cold and carry everything myself.",
        "Nights fall to -4 °C there. The Fjell 600 (comfort -6 °C, 890 g) suits you; the Fjell 400 would be too cold.",
    ),
    Ticket(
        "ja",
        "c-1119",
        "parcel",
        "注文番号48307の荷物がまだ届きません。いつ届きますか？",  # noqa: RUF001 - a Japanese question mark
        "お荷物は現在通関中です。あさってまでにお届けできる見込みです。ご不便をおかけして申し訳ございません。",
    ),
    Ticket(
        "es",
        "c-1123",
        "receipt",
        "Adjunto la foto del ticket. ¿Me podéis enviar una factura con el IVA desglosado?",
        "Claro. Hemos leído el ticket (74,50 €) y le enviamos la factura 2291 con el IVA desglosado.",
    ),
    Ticket(
        "en",
        "c-1130",
        "refund",
        "I returned the tent (order 48122) three weeks ago and still have no refund. This is getting ridiculous.",
        "You are right, and I am sorry. The refund of €329.00 is under way; you will see it within five days.",
    ),
    Ticket(
        "fr",
        "c-1144",
        "advice",
        "Bonjour, quel réchaud choisir pour faire fondre de la neige à 3 000 mètres ?",
        "À cette altitude, prenez le Glød MF : il brûle de l'essence et reste fiable par grand froid.",
    ),
    Ticket(
        "ar",
        "c-1151",
        "parcel",
        "لم تصل الطلبية رقم 48344 حتى الآن، أين هي؟",
        "طلبيتك خرجت للتوصيل اليوم وستصلك قبل الساعة السادسة مساءً.",
    ),
    Ticket(
        "en",
        "c-1168",
        "advice",
        "Are the Tind boots ok for crampons? And do they run small? 🥾",
        "Yes, with semi-automatic crampons (C2). They run half a size small, so take one half size more.",
    ),
    Ticket(
        "pt",
        "c-1172",
        "refund",
        "Recebi a mochila errada (pedido 48361). Quero devolver e receber o dinheiro de volta.",
        "Pedimos desculpa. O reembolso de 129,00 € foi iniciado e a etiqueta de devolução segue por e-mail.",
    ),
    Ticket(
        "en",
        "c-1041",
        "receipt",
        "Attached is the receipt from your Oslo shop. Please move the purchase to my account so I get the points.",
        "Done: the purchase of €212.00 is on your account, and 212 points with it.",
    ),
    Ticket(
        "hi",
        "c-1188",
        "parcel",
        "मेरा ऑर्डर 48399 कब तक आएगा? मुझे शुक्रवार को यात्रा पर निकलना है।",
        "आपका ऑर्डर गुरुवार को पहुँच जाएगा, आपकी यात्रा से पहले। शुभ यात्रा!",
    ),
)

PROMPTS = (
    "You answer customers of Fjord Outdoor. Be helpful.",
    """You answer customers of Fjord Outdoor.
Answer in the customer's language, in three sentences at most.
Never promise a date that no tool gave you.""",
    """You answer customers of Fjord Outdoor.
Answer in the customer's language, in two sentences at most.
Never promise a date or an amount that no tool gave you.
If a tool fails twice, say so and hand over to a person.""",
)
"""The versions of the prompt, first version first."""

PRODUCTS = (
    {"sku": "FJ-600", "name": "Fjell 600 sleeping bag", "price": 349.0, "comfort_c": -6, "weight_g": 890},
    {"sku": "FJ-400", "name": "Fjell 400 sleeping bag", "price": 279.0, "comfort_c": 1, "weight_g": 640},
    {"sku": "GL-MF", "name": "Glød MF stove", "price": 159.0, "fuels": ["petrol", "kerosene"], "weight_g": 410},
    {"sku": "TI-GTX", "name": "Tind GTX boots", "price": 289.0, "crampons": "C2", "weight_g": 1640},
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the evaluation: a question, what is right, and the article that says so."""

    question: str
    expected: str
    article: str
    title: str


FAQ = (
    Entry("How long may I send things back?", "60 days from delivery", "a-01", "Returns"),
    Entry("Do you ship to Svalbard?", "Yes, by post, in 6 to 9 days", "a-02", "Where we ship"),
    Entry("How do I wash a down jacket?", "At 30 °C with down soap, then tumble dry", "a-03", "Caring for down"),
    Entry("Is the Glød stove allowed on planes?", "Yes, if it was never filled", "a-04", "Flying with stoves"),
    Entry("Wie reimprägniere ich meine Jacke?", "Mit Tinder-Spray nach dem Waschen", "a-05", "Proofing a jacket"),
    Entry("What does the lifetime guarantee cover?", "Faults of material and making, no wear", "a-06", "Guarantee"),
    Entry("テントのポールは修理できますか？", "はい、14日で修理します", "a-07", "Repairs"),  # noqa: RUF001 - Japanese
    Entry("Can I pay by invoice?", "Yes, in Norway, Sweden and Germany", "a-08", "Ways to pay"),
    Entry("Do Tind boots fit wide feet?", "The Wide version does", "a-09", "Boot sizes"),
    Entry("How warm is the Fjell 600?", "Comfort -6 °C, limit -12 °C", "a-10", "Fjell sleeping bags"),
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange of a chat; ``tool`` is asked before the answer."""

    user: str
    assistant: str
    tool: tuple[str, dict[str, object], object] | None = None


CHAT = (
    Turn("Hi! We are planning a hut tour in the Rondane, four days. Can you help?", "Gladly! When, and how many?"),
    Turn("First week of March, two adults and a dog 🐕", "March is ski season there. Do you both ski?"),
    Turn(
        "Yes. What will the weather be like?",
        "Expect -15 to -2 °C and some wind; the forecast for Mysusæter says -9 °C on the first day.",
        ("get_weather", {"place": "Mysusæter"}, {"temperature_c": -9, "wind_m_s": 7, "snow_cm": 84}),
    ),
    Turn("Which huts take dogs?", "Rondvassbu and Bjørnhollia have dog rooms; book them, there are only a few."),
    Turn("And Dørålseter?", "Dørålseter has two dog rooms as well."),
    Turn(
        "What would three nights cost?",
        "Three nights for two members with a dog room come to 3,240 NOK.",
        ("price_nights", {"nights": 3, "people": 2, "dog": True}, {"total": 3240, "currency": "NOK"}),
    ),
    Turn("Does the dog need a coat?", "Below -10 °C a short-haired one does, and booties against ice."),
    Turn("Gibt es die Liste auch auf Deutsch? Meine Frau liest lieber Deutsch.", "Natürlich: Ski, Felle, Stirnlampe."),
    Turn("Danke! How long is the first leg?", "Mysusæter to Rondvassbu is 11 km, about four hours on skis."),
    Turn(
        "Do you have harnesses for a 24 kg dog?",
        "Yes: the Line Harness in size 6 fits 22 to 27 kg and is in stock.",
        ("search_products", {"query": "dog harness 24 kg"}, [{"sku": "LH-6", "name": "Line Harness 6", "stock": 14}]),
    ),
    Turn("Put one on my account please", "It is in your cart. Shall it go to the shop in Oslo or to your home?"),
    Turn("Oslo. That's all, thank you!", "Have a good tour, all three of you!"),
)

PAGES = (
    "down-jackets",
    "rain-jackets",
    "hiking-boots",
    "ski-boots",
    "tents-2p",
    "tents-4p",
    "sleeping-bags",
    "stoves",
    "harnesses",
    "headlamps",
)

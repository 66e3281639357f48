"""Names by which the columns of a table are known without a mapping, and how a name is compared.

Case, blanks, ``_``, ``-`` and ``.`` do not count: ``event_time``, ``eventTime`` and ``Event Time`` are one
name. Of several columns that may be one field the name that stands first here counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

__all__ = ["FIELDS", "fold", "matches", "names_an_id"]

_UNITS = ("ms", "us", "ns")

FIELDS: Mapping[str, tuple[str, ...]] = {
    "user": (
        *("user", "user_id", "reviewer_id", "customer_id", "uid", "user_name", "customer", "client_id"),
        *("member_id", "account_id", "profile_id", "visitor_id", "msno", "buyer_id", "shopper_id"),
        *("reader_id", "listener_id", "player_id", "person_id", "user_uuid", "anonymous_id", "device_id"),
        *("client", "visitor", "member", "account", "shopper", "buyer", "customer_number", "customer_no"),
        *("kunde", "kunden_id", "kundennr", "kundennummer", "nutzer", "nutzer_id", "benutzer", "benutzer_id"),
        *("id_client", "numero_client", "numéro_client", "utilisateur", "id_utilisateur", "utilisateur_id"),
        *("cliente", "id_cliente", "cliente_id", "usuario", "id_usuario", "usuario_id"),
        "session_id",  # a session is a user where nothing else is
    ),
    "item": (
        *("item", "item_id", "movie_id", "product_id", "asin", "parent_asin", "iid", "sku", "stock_code"),
        *(
            "lineitem_sku",
            "line_item_sku",
            "isbn",
            "song_id",
            "track_id",
            "book_id",
            "article_id",
            "content_id",
            "video_id",
            "film_id",
        ),
        *("anime_id", "game_id", "app_id", "recipe_id", "business_id", "venue_id", "news_id", "artist_id"),
        *("product", "article", "product_number", "product_code", "article_number", "item_number"),
        *("artikel_id", "artikelnummer", "artikelnr", "artikel", "produkt_id", "produktnummer", "produktnr"),
        *("produkt", "id_produit", "produit_id", "produit", "id_article", "référence_produit"),
        *("id_producto", "producto_id", "producto", "id_articulo", "articulo_id", "articulo", "artículo"),
    ),
    "time": (
        *("time", "timestamp", "datetime", "date", "unix_review_time", "ts", "event_time", "created_at"),
        *(f"{name}_{unit}" for name in ("time", "timestamp", "ts") for unit in _UNITS),
        *("event_timestamp", "event_date", "event_datetime", "purchased_at", "purchase_date"),
        *(
            "purchase_time",
            "purchase_ts",
            "event_ts",
            "order_ts",
            "order_date",
            "order_time",
            "ordered_at",
            "order_purchase_timestamp",
        ),
        *("invoice_date", "transaction_date", "transaction_time", "listened_at", "played_at", "viewed_at"),
        *("watched_at", "clicked_at", "rated_at", "reviewed_at", "review_date", "review_time"),
        *("start_time", "started_at", "unix_timestamp", "unix_time", "collector_tstamp", "derived_tstamp"),
        *("tstamp", "created", "date_time", "occurred_at", "bought_on", "bought_at", "purchased_on"),
        *("ordered_on", "paid_at", "paid_on", "zeitstempel", "zeitpunkt", "bestellt_am", "bestelldatum"),
        *("gekauft_am", "kaufdatum", "datum", "zeit", "date_achat", "date_d'achat", "date_commande"),
        *("date_de_commande", "fecha_compra", "fecha_de_compra", "fecha_pedido", "fecha_de_pedido", "fecha"),
    ),
    "rating": (
        *("rating", "overall", "stars", "score", "star_rating", "my_rating", "review_score"),
        *("book_rating", "user_rating", "review_rating"),
    ),
    "title": (
        *(
            "title",
            "lineitem_name",
            "line_item_name",
            "name",
            "item_title",
            "movie_title",
            "product_title",
            "product_name",
            "item_name",
        ),
        *("track_name", "song_name", "book_title", "song_title", "track_title", "article_title"),
        *("film_title", "titel", "artikelname", "produktname", "artikelbezeichnung", "bezeichnung", "titre"),
        *("nom_produit", "nom_du_produit", "titulo", "título", "nombre_producto", "product", "article"),
        *("artikel", "produkt", "produit", "producto", "artículo", "articulo"),
    ),
    "categories": (
        *("categories", "category", "genres", "genre", "class", "tags", "category_name"),
        *("product_category", "main_category", "category_code", "item_category"),
        *("product_category_name", "kategorie", "kategorien", "warengruppe", "catégorie", "categorie"),
        *("categoría", "categoria"),
    ),
    "year": ("year", "release_year", "year_of_publication", "publication_year"),
    "description": ("description", "summary"),
    "kind": (
        *("kind", "event_type", "event", "action", "behavior_type", "behaviour_type", "behavior"),
        *("interaction_type", "interaction", "event_name", "action_type", "event_kind", "event_category"),
    ),
    "weight": (
        "weight",
        "quantity",
        "lineitem_quantity",
        "qty",
        "play_count",
        "listen_count",
        "watch_count",
        "menge",
        "quantité",
        "cantidad",
    ),
    "price": (
        "price",
        "unit_price",
        "lineitem_price",
        "list_price",
        "current_price",
        "sale_price",
        "price_eur",
        "price_usd",
        "preis",
        "prix",
        "precio",
    ),
    "currency": (
        *("currency", "currency_code", "price_currency", "currency_iso", "iso_currency", "währung"),
        *("waehrung", "devise", "moneda", "divisa"),
    ),
    "published": (
        *("published", "published_at", "publish_date", "published_date", "publication_date", "publish_time"),
        *("release_date", "released", "date_published", "pub_date", "first_published"),
    ),
    "available_since": ("available_since", "available_from", "valid_from", "on_sale_since"),
    "available_until": (
        "available_until",
        "available_to",
        "valid_until",
        "valid_to",
        "expires",
        "expires_at",
    ),
    "stock": ("stock", "in_stock", "inventory", "stock_level", "quantity_in_stock", "units_in_stock"),
}
"""What a column may be, and its usual names in the order in which they count."""

_ID = re.compile(r"(?i:(?:^|[\s_.\-])(?:id|uuid|nr|no))$|[a-z]I[dD]$")
_APART = re.compile(r"[\s_.\-]+")


def fold(name: str) -> str:
    """Return a name as it is compared.

    Examples
    --------
    >>> fold("Event Time"), fold("eventTime"), fold("event_time")
    ('eventtime', 'eventtime', 'eventtime')
    """
    return _APART.sub("", name).lower()


_FOLDED = {field: tuple(map(fold, names)) for field, names in FIELDS.items()}


def matches(header: Mapping[str, str] | Sequence[str], field: str) -> list[tuple[str, ...]]:
    """Return the columns that may be a field, the best first; columns of one folded name stand together.

    Parameters
    ----------
    header
        Names of the columns, or from a shorter name of each to the whole one.
    field
        One of `FIELDS`.

    Examples
    --------
    >>> matches(["session_id", "User ID", "userId", "item"], "user")
    [('User ID', 'userId'), ('session_id',)]
    """
    whole = header if isinstance(header, Mapping) else {name: name for name in header}
    found: dict[str, list[str]] = {}
    for name, column in whole.items():
        found.setdefault(fold(name), []).append(column)
    return [tuple(found[name]) for name in dict.fromkeys(_FOLDED[field]) if name in found]


def names_an_id(name: str) -> bool:
    """Return whether a column is called like an id, such as ``shop_id``, which is no time.

    Examples
    --------
    >>> [names_an_id(name) for name in ("shop_id", "orderId", "Order No", "id", "paid", "moment")]
    [True, True, True, True, False, False]
    """
    return _ID.search(name) is not None

"""Events whose user and item stand in two tables of a folder."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
from support.tables import items

from nextinterest.data import load
from nextinterest.errors import DataError

INSTACART = {
    "orders.csv": "order_id,user_id,eval_set,order_number,days_since_prior_order\n"
    "3,u1,prior,1,\n1,u1,prior,2,15.0\n5,u2,prior,1,\n2,u1,train,3,3.0\n",
    "order_products__prior.csv": "order_id,product_id,add_to_cart_order,reordered\n"
    "1,p9,1,0\n3,p1,1,0\n3,p2,2,0\n5,p2,1,0\n9,p2,1,0\n",
    "order_products__train.csv": "order_id,product_id,add_to_cart_order,reordered\n2,p7,1,1\n",
    "products.csv": "product_id,product_name,aisle_id\np1,Milk,1\np2,Bread,1\np7,Salt,1\np9,Tea,2\n",
    "aisles.csv": "aisle_id,aisle\n1,food\n2,drinks\n",
}
OLIST = {
    "olist_orders.csv": "order_id,customer_id,order_status,order_purchase_timestamp\n"
    "o1,c1,delivered,2018-10-02 10:56:33\no2,c1,delivered,2017-10-02 10:56:33\no3,c2,x,2018-01-01 00:00:00\n",
    "olist_order_items.csv": "order_id,order_item_id,product_id,price\n"
    "o1,1,p1,58.9\no2,1,p2,3.5\no2,2,p3,3.5\no3,1,p1,58.9\n",
    "olist_products.csv": "product_id,product_category_name\np1,toys\np2,books\np3,books\n",
    "olist_customers.csv": "customer_id,customer_city\nc1,here\nc2,there\n",
    "olist_order_reviews.csv": "review_id,order_id,review_score\nr1,o1,4\n",
}


def write(folder: Path, files: dict[str, str], kind: str = "csv") -> Path:
    for name, text in files.items():
        frame = pl.read_csv(text.encode(), infer_schema=False)
        path = folder / name
        if kind == "parquet":
            frame.write_parquet(path.with_suffix(".parquet"))
        elif kind == "jsonl":
            frame.write_ndjson(path.with_suffix(".jsonl"))
        else:
            path.write_text(text if kind == "csv" else text.replace(",", ";"))
    return folder


@pytest.mark.parametrize("kind", ["csv", "semicolons", "parquet", "jsonl"])
def test_orders_and_their_products_are_joined_in_the_order_of_orders(tmp_path: Path, kind: str) -> None:
    dataset = load(write(tmp_path, INSTACART, kind))
    assert items(dataset) == {"u1": ["p1", "p2", "p9", "p7"], "u2": ["p2"]}
    titles = dict(zip(dataset.catalog.ids, dataset.catalog.titles, strict=True))
    assert titles == {"p1": "Milk", "p2": "Bread", "p7": "Salt", "p9": "Tea"}
    assert dataset.report.count("no user id") == 1
    ending = {"semicolons": "csv"}.get(kind, kind)
    notes = dataset.report.notes
    joined = f"user of order_products__prior.{ending} from orders.{ending}, joined by order_id"
    assert f"{joined}; 1 row has none there" in notes
    assert f"not read of the folder: aisles.{ending}" in notes
    assert f"orders.{ending}" in dataset.report.files


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_time_stands_with_the_user(tmp_path: Path, kind: str) -> None:
    dataset = load(write(tmp_path, OLIST, kind))
    assert items(dataset) == {"c1": ["p2", "p3", "p1"], "c2": ["p1"]}
    assert dataset.log.times is not None
    assert all(item.categories for item in dataset.catalog)
    assert dataset.users is not None


def test_a_dropped_row_is_named_by_its_own_file_and_line(tmp_path: Path) -> None:
    folder = write(tmp_path, INSTACART)
    first = next(d.first for d in load(folder).report.dropped if d.reason == "no user id")
    assert first == "order_products__prior.csv:6"


def test_mapped_names_may_stand_in_either_table(tmp_path: Path) -> None:
    files = {
        "a.csv": "order_id,who,at\n1,u,2024-01-02\n2,v,2024-01-01\n",
        "b.csv": "order_id,what\n1,i\n2,j\n",
    }
    dataset = load(write(tmp_path, files), columns={"user": "who", "item": "what", "time": "at"})
    assert items(dataset) == {"u": ["i"], "v": ["j"]}
    assert dataset.log.times is not None


@pytest.mark.parametrize(("given", "field"), [("orders.csv", "item"), ("order_products__prior.csv", "user")])
def test_one_of_the_tables_alone_is_refused_with_the_folder(tmp_path: Path, given: str, field: str) -> None:
    folder = write(tmp_path, INSTACART)
    with pytest.raises(DataError, match=f"has no column that is the {field}.*both have order_id") as raised:
        load(folder / given)
    assert f"Give their folder, {folder}: " in raised.value.remedy
    assert load(folder).log.n_events == 5


@pytest.mark.parametrize(
    "files",
    [
        {"a.csv": "order_id,shop_id,user\n1,2,u\n3,2,v\n", "b.csv": "order_id,shop_id,item\n1,2,i\n3,2,j\n"},
        {
            "a.csv": "order_id,user\n1,u\n3,v\n",
            "b.csv": "order_id,item\n1,i\n3,j\n",
            "c.csv": "order_id,item,n\n1,i,2\n",
        },
        {
            "a.csv": "order_id,user\n1,u\n3,v\n",
            "b.csv": "order_id,item\n1,i\n3,j\n",
            "c.csv": "order_id,user,n\n1,u,2\n",
        },
    ],
)
def test_tables_that_can_be_joined_in_two_ways_are_asked_about_and_the_remedy_works(
    tmp_path: Path, files: dict[str, str]
) -> None:
    with pytest.raises(DataError, match=r"several ways: a\.csv \(user\) and b\.csv \(item\)") as raised:
        load(write(tmp_path, files))
    advised = re.search(r"polars\.read_csv.*write_csv\('(.*)'\)", raised.value.remedy)
    assert advised is not None
    eval(advised[0], {"polars": pl})  # noqa: S307 - the remedy is followed as it is printed
    assert items(load(advised[1])) == {"u": ["i"], "v": ["j"]}


def test_an_id_with_several_users_is_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": "order_id,user\n1,u\n1,v\n", "b.csv": "order_id,item\n1,i\n"})
    with pytest.raises(DataError, match=r"a\.csv: order_id '1' stands in several rows.*b\.csv"):
        load(tmp_path)


def test_tables_without_a_shared_id_are_not_joined(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": "date,user\n1,u\n", "b.csv": "date,item\n1,i\n"})
    with pytest.raises(DataError, match="none is known to have a user and an item"):
        load(tmp_path)

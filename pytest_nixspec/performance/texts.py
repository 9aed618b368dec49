"""What models are asked, by the purpose of a profile; written for this, and nobody else's."""

TEXTS = {
    "plan": (
        "We want to move the order service out of the monolith. Orders are written by the web "
        "application and read by billing, shipping and the reports. List what must be decided "
        "first, which data belongs to whom, in which order the steps can be taken so that every "
        "one of them can be undone, and what could go wrong at each. Name what you do not know. "
    ),
    "build": (
        "defmodule Shop.Orders do\n  import Ecto.Query\n  alias Shop.{Order, Repo}\n\n"
        '  @doc "Return the open orders of a customer, the newest first."\n'
        "  def open(customer_id) do\n    from(o in Order,\n      where: o.customer_id == "
        "^customer_id and is_nil(o.closed_at),\n      order_by: [desc: o.inserted_at])\n"
        "    |> Repo.all()\n  end\n\n  # Now write close/2, which closes an order once.\n"
    ),
    "review": (
        "Review this change. It adds a cache to the price lookup: the key is the article, the "
        "value is kept for an hour, and the cache is filled by whoever asks first. Prices may "
        "change during the day, and an order must have the price that the customer was shown. "
        "Say what is wrong, what is missing, how you would test it, and what you would leave. "
    ),
}  # fmt: skip
OTHER = (
    "A development environment is a promise: whoever enters it finds the same programs, in the "
    "same versions, with the same variables. A specification says what was promised, and a test "
    "tells whether the promise is kept today, on this machine, by the tools that are really here. "
)


def text_for(purpose: str) -> str:
    """Return the text of a purpose: `plan`, `build`, `review`, or any other."""
    return TEXTS.get(purpose, OTHER)

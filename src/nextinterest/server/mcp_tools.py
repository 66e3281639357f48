"""The agent as tools of the Model Context Protocol, for one user: ``nextinterest serve mcp``.

The user is fixed when the server is made, so that no message to a model that holds these tools can reach
another's profile. Needs the package ``mcp`` (the extra of that name).
"""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from pydantic import Field, ValidationError

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import ChatReply
from nextinterest.domain import NextInterests, Recommendations
from nextinterest.errors import NextInterestError, UnknownItemError
from nextinterest.interests import InterestOutlook, describe
from nextinterest.messages import Message
from nextinterest.profiles import ProfileEvent
from nextinterest.profiles.kinds import GivenKind
from nextinterest.profiles.store import checked_user
from nextinterest.server.asked import Constraints, Words
from nextinterest.server.bodies import EventsAccepted, Forgotten, Interests
from nextinterest.server.failures import answer_to
from nextinterest.server.invalid import first_error
from nextinterest.server.item_bodies import ItemBody, ItemsFound
from nextinterest.server.names import normal
from nextinterest.server.sessions import SessionId
from nextinterest.version import __version__

__all__ = ["create_mcp_server"]

ItemId = Annotated[str, Field(description="Id of the item, as search gives it.", max_length=512)]


class _Tools(MCPServer[object]):
    """A server whose errors name the wrong argument and what is wrong, or give the package's own message."""

    async def call_tool(self, name: str, arguments: dict[str, Any], context: Any = None) -> Any:  # noqa: ANN401 - as MCP's class has it
        """Call a tool; what fails for the caller's part is raised as `ToolError` in plain words."""
        self._refuse_unknown(name, arguments)
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, ValidationError) and not isinstance(error, UnexpectedToolError):
                invalid = first_error(cause.errors(), arguments)
                raise ToolError(invalid.message.removeprefix("body: ")) from None
            if isinstance(cause, NextInterestError):
                if isinstance(cause, UnknownItemError):
                    raise ToolError(f"{cause.message} search gives the ids of items.") from None
                raise ToolError(str(answer_to(cause))) from None
            raise

    def _refuse_unknown(self, name: str, arguments: dict[str, Any]) -> None:
        """Refuse arguments that the tool does not have, which MCP's own class leaves out unsaid."""
        tool = self._tool_manager.get_tool(name)
        if tool is None:
            return
        known = list(tool.parameters.get("properties", {}))
        unknown = ", ".join(repr(given) for given in arguments if given not in known)
        if unknown:
            takes = f"takes {', '.join(known)}" if known else "takes no arguments"
            raise ToolError(f"{unknown[:200]}: {name} has no such argument; it {takes}.")


def create_mcp_server(agent: RecommenderAgent, user: str) -> MCPServer[object]:
    """Return a server of tools.

    Parameters
    ----------
    agent
        The agent, with a store.
    user
        Whose profile the tools use and change.

    Raises
    ------
    DataError
        If no store may keep such a user id.
    """
    user = checked_user(normal(user))
    server = _Tools(
        "nextinterest",
        version=__version__,
        instructions="Recommends what a person will want next and says which interests rise and fade.",
    )

    @server.tool()
    def recommend(
        count: Annotated[int, Field(description="Length of the list.", ge=1, le=100)] = 10,
        where: Annotated[
            Constraints | None, Field(description="Constraints that every item must meet.")
        ] = None,
        query: Annotated[Words | None, Field(description="What is asked for, in free text.")] = None,
    ) -> Recommendations:
        """Rank what the person has not seen by how likely it is next, with reasons."""
        return agent.recommend(user=user, k=count, where=where, query=query)

    @server.tool()
    def similar(
        item_ids: Annotated[
            list[ItemId], Field(description="The items to resemble.", min_length=1, max_length=20)
        ],
        count: Annotated[int, Field(description="Length of the list.", ge=1, le=100)] = 10,
        where: Annotated[
            Constraints | None, Field(description="Constraints that every item must meet.")
        ] = None,
    ) -> Recommendations:
        """Find items like some others that the person has not seen: "more like this one"."""
        return agent.similar(item_ids, count, user=user, where=where)

    if agent.can_generate:

        @server.tool()
        def generate(
            count: Annotated[int, Field(description="Titles, at most.", ge=1, le=100)] = 10,
            request: Annotated[Words | None, Field(description="What the person asks for, in words.")] = None,
            where: Annotated[
                Constraints | None, Field(description="Constraints that every title's item must meet.")
            ] = None,
        ) -> NextInterests:
            """Let the language model say what the person will want next: interests, and titles."""
            return agent.generate(user=user, n=count, request=request, where=where)

    @server.tool()
    def chat(
        message: Annotated[str, Field(description="What the person says.", max_length=4000)],
        confirm_forget: Annotated[
            bool,
            Field(
                description="True only where the person has said yes to deleting the whole profile, and "
                "`message` asks for that deletion."
            ),
        ] = False,
        session: Annotated[
            SessionId | None,
            Field(
                description="Id of the conversation, chosen anew for each and given with its messages, "
                'so that "the second one" and "undo that" are understood. Without it a message stands alone.'
            ),
        ] = None,
    ) -> ChatReply:
        """Answer a request in free text, such as "something funny from the nineties, no horror"."""
        said = [Message(role="user", content=message)]
        return agent.chat(said, user, session=session, confirm_forget=confirm_forget)

    @server.tool()
    def interests() -> Interests:
        """Return the person's interests now and before, and which rise or fade beyond chance."""
        portrait = agent.interests(user=user)
        return Interests(portrait=portrait, words=describe(portrait))

    @server.tool()
    def forecast(
        events: Annotated[int, Field(description="Events ahead.", ge=1, le=1000)] = 10,
    ) -> InterestOutlook:
        """Forecast how the person's attention will be shared among interests."""
        return agent.forecast(user=user, horizon=events)

    @server.tool()
    def search(
        title: Annotated[str, Field(description="Part of a title.", max_length=300)],
    ) -> ItemsFound:
        """Look items up by part of their title."""
        return ItemsFound(items=[ItemBody.of(item) for item in agent.find_items(title)])

    @server.tool()
    def tell(item_id: ItemId, kind: GivenKind = "seen") -> EventsAccepted:
        """Write down what the person did or thinks; it counts for the next answer."""
        result = agent.add_events(user, [ProfileEvent(item_id=item_id, kind=kind)])
        return EventsAccepted(accepted=result.accepted, replayed=result.replayed)

    @server.tool()
    def take_back(item_id: ItemId) -> Forgotten:
        """Remove what was recorded of an item."""
        return Forgotten(user=user, events=agent.retract(user, item_id))

    return server

"""PostgreSQL of a real shell, started, asked and stopped."""

import pytest

from pytest_nixspec.errors import ServiceError, ToolNotFoundError
from pytest_nixspec.shells import services
from pytest_nixspec.shells.services import start_service


def test_a_database_answers_on_loopback_and_is_gone_when_it_is_stopped(own_shell):
    service = start_service(own_shell, "postgres")
    asked = ["psql", "-d", "postgres", "-Atc"]

    said = own_shell.run([*asked, "select inet_server_addr()"], env=service.environment)
    service.stop()

    assert said.text == "127.0.0.1", said.error_text
    assert service.running.has_ended
    assert not service.directory.exists()
    assert not own_shell.run([*asked, "select 1"], env=service.environment).ok


def test_two_databases_do_not_meet(own_shell):
    one, other = (start_service(own_shell, "postgres") for _ in range(2))

    try:
        assert one.port != other.port
        make = ["psql", "-d", "postgres", "-c", "create table t (x int)"]
        assert own_shell.run(make, env=one.environment).ok
        assert own_shell.run(make, env=other.environment).ok
    finally:
        one.stop()
        other.stop()


def test_a_service_that_we_do_not_know_is_an_error(own_shell):
    with pytest.raises(ServiceError, match=r"'redis' is no service that we know. Known are postg"):
        start_service(own_shell, "redis")


def test_a_shell_that_does_not_bring_it_is_an_error(pool):
    with pytest.raises(ToolNotFoundError, match="has no program 'initdb'"):
        start_service(pool.shell("default"), "postgres")


def test_a_service_that_does_not_start_says_what_it_said(own_shell, monkeypatch):
    monkeypatch.setattr("pytest_nixspec.shells.services._free_port", lambda: 99999)

    with pytest.raises(ServiceError, match="99999"):
        start_service(own_shell, "postgres")


def test_a_server_that_nobody_can_ask_is_not_left_running(own_shell, monkeypatch):
    started = []
    start = services.process.start

    def noted(*arguments: object, **options):
        started.append(start(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(services.process, "start", noted)

    def nobody(*_: object, **__):
        message = "the shell has no psql"
        raise ToolNotFoundError(message)

    monkeypatch.setattr(type(own_shell), "run", nobody)

    with pytest.raises(ToolNotFoundError):
        start_service(own_shell, "postgres")

    assert len(started) == 2
    assert all(one.has_ended for one in started)

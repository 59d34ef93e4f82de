"""An application that logs by Python's own handlers into a file that they rotate, and sends spans by the OpenTelemetry SDK.

    python application.py HOW TALLY COUNT

HOW is rotating (the format of the sample in deploy), cookbook (that of Python's logging cookbook) or timed. What is logged goes to
LOG_FILE; each record and span is told in TALLY as well, as a line of JSON.
"""

import json
import logging
import os
import sys
import time
import traceback
from logging.handlers import RotatingFileHandler, TimedRotatingFileHandler

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)
PAUSE_EVERY = 10
SPAN_EVERY = 10

DASHES = "%(asctime)s %(levelname)s [%(threadName)s] %(name)s - %(message)s"
COOKBOOK = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"


class PaymentError(Exception):
    """Of a module, whose name is before its own in a traceback."""


PaymentError.__module__ = "shop.errors"


class Tally(logging.Handler):
    def __init__(self, path):
        super().__init__()
        self.file = open(path, "w", encoding="utf-8")

    def tell(self, **what):
        self.file.write(json.dumps(what) + "\n")

    def emit(self, record):
        millis = int(record.created) * 1000 + int(record.msecs)
        what = {
            "body": record.getMessage(),
            "severity": record.levelname,
            "logger": record.name,
            "from": millis,
            "to": millis,
        }
        if record.exc_info:
            kind, error, _ = record.exc_info
            module = "" if kind.__module__ == "builtins" else kind.__module__ + "."
            what["type"] = module + kind.__qualname__
            what["message"] = str(error)
            what["stacktrace"] = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        self.tell(**what)


def handler(how, path, count):
    if how == "timed":
        return TimedRotatingFileHandler(path, when="S", interval=1, backupCount=50, encoding="utf-8")
    return RotatingFileHandler(path, maxBytes=count * 40, backupCount=50, encoding="utf-8")


def pay(order):
    try:
        raise OSError(f"no answer from the bank\n\nwhich was asked for order {order}")
    except OSError as cause:
        if order % 4 == 0:
            raise PaymentError(f"order {order}") from cause
        raise ValueError(f"order {order}: 7 is too much")


def main(how, tally_path, count):
    file = handler(how, os.environ["LOG_FILE"], count)
    file.setFormatter(logging.Formatter(COOKBOOK if how == "cookbook" else DASHES))
    tally = Tally(tally_path)
    log = logging.getLogger("shop.recommendations")
    log.setLevel(logging.DEBUG)
    log.addHandler(file)
    log.addHandler(tally)
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), max_queue_size=count))
    tracer = provider.get_tracer("shop")
    for i in range(count):
        if i % SPAN_EVERY == 0:
            with tracer.start_as_current_span(f"order {i}"):
                tally.tell(span=f"order {i}")
        level = LEVELS[i % len(LEVELS)]
        if i % 7 == 0:
            log.log(level, "order %d\nhas two items:\n\n  a € sign\nand \"quotes\" \\", i)
        elif i % 11 == 0:
            try:
                pay(i)
            except (ValueError, PaymentError):
                log.exception("order %d was not paid", i)
        else:
            log.log(level, "order %d came to € %d.50, \"quoted\" \\ end", i, i % 997)
        if i % PAUSE_EVERY == 0:
            time.sleep(0.01)
    provider.shutdown()
    logging.shutdown()
    tally.file.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

// An application that logs by pino or winston into files that they rotate, and sends spans by the OpenTelemetry SDK.
//
//   node application.js HOW TALLY COUNT
//
// HOW is pino-roll, pino-file (one file, never rotated) or winston. What is logged goes to LOG_FILE; each record and span is told in
// TALLY as well, as a line of JSON.
import {createWriteStream} from 'node:fs';
import {finished} from 'node:stream/promises';
import {setTimeout as pause} from 'node:timers/promises';
import {OTLPTraceExporter} from '@opentelemetry/exporter-trace-otlp-grpc';
import {detectResources, envDetector} from '@opentelemetry/resources';
import {BasicTracerProvider, BatchSpanProcessor} from '@opentelemetry/sdk-trace-base';
import pino from 'pino';
import winston from 'winston';

const [how, tallyPath, count] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const file = process.env.LOG_FILE;
const bytesAFile = count * 40;
const PAUSE_EVERY = 10;
const SPAN_EVERY = 10;

const tally = createWriteStream(tallyPath);
const tell = what => tally.write(JSON.stringify(what) + '\n');

class PaymentError extends TypeError {}

function pay(order) {
  throw new PaymentError(`order ${order} failed\nat the bank`);
}

const withPino = transport => {
  const log = pino({level: 'debug'}, pino.transport(transport));
  return {
    levels: {debug: '20', info: '30', warn: '40', error: '50'},
    log: (level, message, order) => log[level]({order}, message),
    fail: (message, order, err) => log.error({order, err}, message),
    // It writes what it has where the process exits.
    end: async () => {},
  };
};

const withWinston = () => {
  const {combine, timestamp, errors, json} = winston.format;
  const to = new winston.transports.File({filename: file, maxsize: bytesAFile, maxFiles: 50});
  const log = winston.createLogger({
    level: 'debug', format: combine(timestamp(), errors({stack: true}), json()), transports: [to]});
  return {
    levels: {debug: 'debug', info: 'info', warn: 'warn', error: 'error'},
    log: (level, message, order) => log.log(level, message, {order}),
    fail: (message, order, error) => log.error(Object.assign(error, {order})),
    end: async () => {
      log.end();
      await finished(to);
    },
  };
};

const logging = {
  'pino-roll': () => withPino({target: 'pino-roll', options: {file, size: `${bytesAFile / 1000}k`}}),
  'pino-file': () => withPino({target: 'pino/file', options: {destination: file}}),
  'winston': withWinston,
}[how]();

const provider = new BasicTracerProvider({resource: detectResources({detectors: [envDetector]}), spanProcessors: [
  new BatchSpanProcessor(new OTLPTraceExporter(), {maxQueueSize: count})]});
const tracer = provider.getTracer('shop');
const levels = Object.keys(logging.levels);
for (let i = 0; i < count; i++) {
  if (i % SPAN_EVERY === 0) {
    tracer.startSpan(`order ${i}`).end();
    tell({span: `order ${i}`});
  }
  const level = levels[i % levels.length];
  const from = Date.now();
  if (i % 11 === 0) {
    try {
      pay(i);
    } catch (e) {
      const message = how === 'winston' ? e.message : `order ${i} was not paid`;
      logging.fail(message, i, e);
      tell({body: message, severity: logging.levels.error, order: i, from, to: Date.now(),
        type: how === 'winston' ? 'TypeError' : 'PaymentError', message: e.message, stacktrace: e.stack});
    }
  } else {
    const message = i % 7 === 0
        ? `order ${i}\nhas two items:\n\n\ta € sign\nand "quotes" \\`
        : `order ${i} came to € ${i % 997}.50, "quoted" \\ end`;
    logging.log(level, message, i);
    tell({body: message, severity: logging.levels[level], order: i, from, to: Date.now()});
  }
  if (i % PAUSE_EVERY === 0) {
    await pause(10);
  }
}
await provider.shutdown();
await logging.end();
tally.end();
await finished(tally);

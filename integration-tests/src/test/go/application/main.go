// Command application logs by slog into a file that lumberjack rotates and compresses, and sends spans by the OpenTelemetry SDK.
//
//	application HOW TALLY COUNT
//
// HOW is json or text, slog's two handlers. What is logged goes to LOG_FILE; each record and span is told in TALLY as well, as a
// line of JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"gopkg.in/natefinch/lumberjack.v2"
)

const (
	pauseEvery = 10
	spanEvery  = 10
)

var levels = []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}

// told is a record as the tally has it.
type told struct {
	Body     string `json:"body,omitempty"`
	Severity string `json:"severity,omitempty"`
	From     int64  `json:"from,omitempty"`
	To       int64  `json:"to,omitempty"`
	Order    *int64 `json:"order,omitempty"`
	Span     string `json:"span,omitempty"`
}

// telling is a handler that tells of each record what the other one is given.
type telling struct {
	slog.Handler
	tally *json.Encoder
}

func (t telling) Handle(ctx context.Context, record slog.Record) error {
	what := told{
		Body:     record.Message,
		Severity: record.Level.String(),
		From:     record.Time.UnixMilli(),
		To:       record.Time.UnixMilli(),
	}
	record.Attrs(func(attribute slog.Attr) bool {
		if attribute.Key == "order" {
			order := attribute.Value.Int64()
			what.Order = &order
		}
		return true
	})
	must(t.tally.Encode(what))
	return t.Handler.Handle(ctx, record)
}

func main() {
	count := must1(strconv.Atoi(os.Args[3]))
	ctx := context.Background()
	tally := must1(os.Create(os.Args[2]))
	// A megabyte is the least that it rotates at.
	out := &lumberjack.Logger{Filename: os.Getenv("LOG_FILE"), MaxSize: 1, MaxBackups: 50, Compress: true}
	logger := slog.New(telling{handler(os.Args[1], out), json.NewEncoder(tally)})
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(
		must1(otlptracegrpc.New(ctx)), sdktrace.WithBlocking()))
	tracer := provider.Tracer("shop")
	// As much as the other applications write in more lines.
	item := strings.Repeat("an item ", 5_000_000/count/8)
	for i := range count {
		if i%spanEvery == 0 {
			name := fmt.Sprintf("order %d", i)
			_, span := tracer.Start(ctx, name)
			span.End()
			must(json.NewEncoder(tally).Encode(told{Span: name}))
		}
		level := levels[i%len(levels)]
		message := fmt.Sprintf("order %d came to € %d.50, \"quoted\" \\ end: %s", i, i%997, item)
		if i%7 == 0 {
			message = fmt.Sprintf("order %d\nhas two items:\n\n\ta € sign\nand \"quotes\" \\", i)
		}
		if i%11 == 0 {
			err := fmt.Errorf("order %d was not paid: %w", i, errors.New("no answer\nfrom the bank"))
			logger.Log(ctx, level, message, "order", i, "error", err)
		} else {
			logger.Log(ctx, level, message, "order", i, slog.Group("customer", "name", "Ann Lee", "vip", true))
		}
		if i%pauseEvery == 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	must(provider.Shutdown(ctx))
	must(out.Close())
	must(tally.Close())
}

func handler(how string, out io.Writer) slog.Handler {
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	if how == "text" {
		return slog.NewTextHandler(out, options)
	}
	return slog.NewJSONHandler(out, options)
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func must1[T any](value T, err error) T {
	must(err)
	return value
}

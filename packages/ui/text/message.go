package text

import (
	"context"
	"slices"
)

// Message is a text that is still to be said: its key and what fills its places. Code that doesn't know who will
// read it, such as an error on its way up, hands it on; whoever writes the answer says it. The zero Message says
// nothing.
type Message struct {
	key  string
	args []any
}

// M is the message under key, with the arguments that T would take.
func M(key string, args ...any) Message { return Message{key: key, args: args} }

// In says the message in the context's language.
func (m Message) In(ctx context.Context) string {
	if m.key == "" {
		return ""
	}
	return T(ctx, m.key, m.args...)
}

// said is args with every Message among them said.
func said(ctx context.Context, args []any) []any {
	isMessage := func(arg any) bool { _, ok := arg.(Message); return ok }
	if !slices.ContainsFunc(args, isMessage) {
		return args
	}
	args = slices.Clone(args)
	for i, arg := range args {
		if m, ok := arg.(Message); ok {
			args[i] = m.In(ctx)
		}
	}
	return args
}

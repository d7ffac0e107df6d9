package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

const text = "3naO10IA2agcvG+9I9TGEQ=="

func TestValueNeverPrintsItsText(t *testing.T) {
	t.Parallel()

	value := secret.New(text)
	carriers := map[string]any{
		"value":            value,
		"pointer":          &value,
		"exported field":   struct{ Token secret.Value }{value},
		"unexported field": struct{ token secret.Value }{value},
		"pointer to field": &struct{ token secret.Value }{value},
		"slice":            []secret.Value{value},
		"map":              map[string]secret.Value{"token": value},
		"error":            fmt.Errorf("exchanging %v", value),
	}
	for name, carrier := range carriers {
		for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s", "%x", "%X", "%d", "%10.3s"} {
			if printed := fmt.Sprintf(verb, carrier); leaks(printed) {
				t.Errorf("%s formatted with %s prints its text: %s", name, verb, printed)
			}
		}
		if encoded, err := json.Marshal(carrier); err != nil || leaks(string(encoded)) {
			t.Errorf("%s as JSON: %s, %v", name, encoded, err)
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("carrier", "carrier", carrier)
		slog.New(slog.NewTextHandler(&log, nil)).Info("carrier", "carrier", carrier)
		if leaks(log.String()) {
			t.Errorf("%s logged with slog: %s", name, log.String())
		}
	}
}

func leaks(printed string) bool {
	return strings.Contains(printed, text) ||
		strings.Contains(strings.ToLower(printed), fmt.Sprintf("%x", text))
}

func TestValueKeepsItsText(t *testing.T) {
	t.Parallel()

	if got := secret.New(text).Reveal(); got != text {
		t.Errorf("Reveal() = %q", got)
	}
	var zero secret.Value
	if !zero.IsEmpty() || !secret.New("").IsEmpty() || secret.New(text).IsEmpty() {
		t.Error("IsEmpty is wrong")
	}
	if !secret.New(text).Equal(secret.New(text)) || secret.New(text).Equal(zero) || !zero.Equal(secret.New("")) {
		t.Error("Equal is wrong")
	}
}

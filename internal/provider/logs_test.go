package provider_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/provider"
)

func TestSilenceLogs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ before, after map[string]string }{
		"no request":          {map[string]string{}, map[string]string{"TF_LOG_PROVIDER_GOTO": "OFF", "TF_LOG_SDK": "OFF"}},
		"for all logs":        {map[string]string{"TF_LOG": "INFO"}, nil},
		"for provider's logs": {map[string]string{"TF_LOG_PROVIDER": "DEBUG"}, nil},
		"for core's logs":     {map[string]string{"TF_LOG_CORE": "TRACE"}, map[string]string{"TF_LOG_CORE": "TRACE", "TF_LOG_PROVIDER_GOTO": "OFF", "TF_LOG_SDK": "OFF"}},
		"a level is set":      {map[string]string{"TF_LOG_SDK": "WARN"}, map[string]string{"TF_LOG_SDK": "WARN", "TF_LOG_PROVIDER_GOTO": "OFF"}},
	} {
		environment := maps.Clone(test.before)
		err := provider.SilenceLogs(func(name string) string { return environment[name] }, func(name, value string) error {
			environment[name] = value
			return nil
		})
		if test.after == nil {
			test.after = test.before
		}
		if diff := cmp.Diff(test.after, environment); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", name, err, diff)
		}
	}
	failure := errors.New("read only")
	if err := provider.SilenceLogs(func(string) string { return "" }, func(string, string) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
}

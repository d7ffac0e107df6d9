package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// FuzzSettings passes the same values to the provider in the environment and in the configuration. Either both
// are accepted or both are refused, and no error repeats a secret.
func FuzzSettings(f *testing.F) {
	const hidden = "S3CR3T"
	f.Add("id", "secret", "https://example.com/", "", "", "", "https://host", "https://host/", "file:///cache", "30s")
	f.Add("", "", "", "token", "", "team", "http://localhost:1", "http://[::1]/", "off", "10m")
	f.Add("id:secret", " ", "\n", "token", "pat", "team", "https://u:p@host?q#f", "ftp://host", "s3://k:p@bucket", "-1s")
	f.Add("\x00", "\xff", "urn:a", "", "pat", strings.Repeat("日", 257), "https://api.getgo.com/oauth/v2", "//", "file://~/x", "9999999999h")
	f.Add("i", "s", "https://a/#b", "t", "", " ", "https://host/oauth/token", "https://h%41", "/cache", "1e3s")
	f.Fuzz(func(t *testing.T, clientID, clientSecret, redirectURI, refreshToken, personalAccessToken, profile, authenticationURL, apiURL, tokenCache, timeout string) {
		arg := map[string]string{
			"client_id": clientID, "client_secret": clientSecret, "redirect_uri": redirectURI, "refresh_token": refreshToken,
			"personal_access_token": personalAccessToken, "profile": profile, "authentication_url": authenticationURL,
			"api_url": apiURL, "token_cache": tokenCache, "request_timeout": timeout,
		}
		for _, name := range []string{"client_secret", "refresh_token", "personal_access_token"} {
			if text := arg[name]; text != "" {
				arg[name] = text[:len(text)/2] + hidden + text[len(text)/2:]
			}
		}
		values, environment := map[string]tftypes.Value{}, map[string]string{}
		for name, text := range arg {
			if text != "" { // unset in the environment but an error in the configuration
				values[name] = tftypes.NewValue(tftypes.String, text)
				environment["GOTO_"+strings.ToUpper(name)] = text
			}
		}
		fromEnvironment := configure(t, environment, nil)
		fromConfiguration := configure(t, nil, values)
		for source, text := range map[string]string{"environment": fromEnvironment, "configuration": fromConfiguration} {
			if strings.Contains(text, hidden) {
				t.Errorf("an error repeats a secret from the %s: %s", source, text)
			}
		}
		if (fromEnvironment == "") != (fromConfiguration == "") {
			t.Errorf("errors from the environment: %q; from the configuration: %q", fromEnvironment, fromConfiguration)
		}
	})
}

// configure validates and applies the provider's configuration and returns the diagnostics.
func configure(t *testing.T, environment map[string]string, values map[string]tftypes.Value) string {
	t.Helper()
	server := newServer(t, func(name string) string { return environment[name] })
	config := arguments(t, schemas(t, server).Provider, values)
	validated, err := server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	return diagnosticText(append(validated.Diagnostics, configured.Diagnostics...))
}

package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
)

// stringValidator validates a string with a function. The function returns an error that says what is wrong with the
// value, without repeating values that may be secret.
type stringValidator func(string) error

// Description implements [validator.Describer].
func (stringValidator) Description(context.Context) string { return "value must be valid" }

// MarkdownDescription implements [validator.Describer].
func (s stringValidator) MarkdownDescription(ctx context.Context) string { return s.Description(ctx) }

// ValidateString implements [validator.String].
func (s stringValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := s(req.ConfigValue.ValueString()); err != nil {
		if errors.Is(err, oauth.ErrWhiteSpace) {
			err = fmt.Errorf("%w; trimspace() removes it", err)
		}
		resp.Diagnostics.Append(invalid(req.Path, err))
	}
}

// invalid returns the diagnostic for an argument whose value err rejects.
func invalid(at path.Path, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Invalid "+name(at), redact.Capitalized(err.Error())+".")
}

func checkNotEmpty(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("it is an empty string; leave the argument out instead")
	}
	return nil
}

func checkProfile(name string) error {
	if err := oauth.CheckCredential(name); err != nil {
		return err
	}
	if utf8.RuneCountInString(name) > 256 {
		return errors.New("a profile name has at most 256 characters")
	}
	return nil
}

func checkAuthenticationURL(text string) error {
	_, err := oauth.NewServer(text)
	return err
}

func checkAPIURL(text string) error {
	_, err := httpclient.ParseBaseURL(text)
	return err
}

// checkTokenCache checks only the text. Problems with the directory appear when the directory is used.
func checkTokenCache(text string) error {
	if err := checkNotEmpty(text); err != nil {
		return err // to the cache, an empty location means the default
	}
	_, err := cache.OpenLocation(text, cache.Options{})
	return err
}

// maxRequestTimeout limits the total time that a request and its retries may take.
const maxRequestTimeout = 10 * time.Minute

func checkRequestTimeout(text string) error {
	if duration, err := time.ParseDuration(text); err == nil && duration > maxRequestTimeout {
		return fmt.Errorf("`%s` is longer than `%dm`", text, maxRequestTimeout/time.Minute)
	}
	return checkDuration(text)
}

func checkLoginTimeout(text string) error {
	if duration, err := time.ParseDuration(text); err == nil && duration > engine.SignInLife {
		return fmt.Errorf("`%s` is longer than `%dh`, after which a sign-in expires", text, engine.SignInLife/time.Hour)
	}
	return checkDuration(text)
}

func checkDuration(text string) error {
	if err := oauth.CheckCredential(text); err != nil {
		return err // about white space and line breaks, which the errors below would repeat
	}
	duration, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return fmt.Errorf("`%s` is not a duration like `30s` or `1m`", text)
	case duration <= 0:
		return fmt.Errorf("`%s` is not a positive duration", text)
	}
	return nil
}

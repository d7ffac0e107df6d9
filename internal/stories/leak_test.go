package stories

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// leaks returns the secrets found in everything that a story has written so far: its files, the token cache, and the
// logs and output of its commands, which tf stores in files.
func (w *world) leaks(work string) ([]string, error) {
	secrets := w.standin.Secrets()
	known, err := os.ReadFile(w.secrets)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	secrets = append(secrets, strings.Split(string(known), "\x00")...)
	slices.Sort(secrets)
	secrets = slices.Compact(secrets)
	var found []string
	for _, dir := range []string{work, w.tmp} {
		more, err := standin.LeaksBelow(dir, secrets)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	if w.bucket == nil {
		return found, nil
	}
	more, err := w.bucketLeaks(secrets)
	return append(found, more...), err
}

// keepSecrets adds the secrets in the environment of tf to the file of secrets that leaks searches for. A wrong secret
// counts too, because it may be valid elsewhere.
func keepSecrets() error {
	file, err := os.OpenFile(os.Getenv("SECRETS"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for _, name := range []string{
		"GOTO_CLIENT_SECRET", "GOTO_REFRESH_TOKEN", "GOTO_PERSONAL_ACCESS_TOKEN",
		"TF_VAR_client_secret", "TF_VAR_code", "TF_VAR_refresh_token", "TF_VAR_personal_access_token",
	} {
		_, writeErr := file.WriteString(os.Getenv(name) + "\x00")
		err = errors.Join(err, writeErr)
	}
	return errors.Join(err, file.Close())
}

package admin

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeUser(t *testing.T) {
	t.Parallel()
	const one, other = "29876543210987654321012345", "901234567890123457"
	for name, test := range map[string]struct {
		body string
		want Person
	}{
		"one account": {
			`{"id":` + one + `,"userName":"ada","name":{"givenName":"Ada","familyName":"Lovelace"},"locale":"en_US",
			"emails":[{"value":"old@example.com"},{"value":"ada@example.com","primary":true},{"value":"other@example.com","primary":false}],
			"urn:scim:schemas:extension:getgo:1.0":{"accounts":[{"value":` + other + `,"display":"n"}]}}`,
			Person{Key: one, AccountKey: other, Email: "ada@example.com", FirstName: "Ada", LastName: "Lovelace", Locale: "en_US", Accounts: []Account{{Key: other, Name: "n"}}},
		},
		"several accounts": {
			`{"id":"` + one + `","urn:scim:schemas:extension:getgo:1.0":{"accounts":[{"value":"` + one + `"},{"value":"` + other + `"}]}}`,
			Person{Key: one, Accounts: []Account{{Key: one}, {Key: other}}},
		},
		"no primary address":  {`{"userName":"x@example.com","emails":[{"value":"first@example.com"},{"value":"second@example.com"}]}`, Person{Email: "first@example.com"}},
		"an address as name":  {`{"userName":"ada@example.com","emails":[{}]}`, Person{Email: "ada@example.com"}},
		"a name as user name": {`{"userName":"ada"}`, Person{}},
		"nulls":               {`{"id":null,"name":null,"emails":null,"urn:scim:schemas:extension:getgo:1.0":null}`, Person{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeUser([]byte(test.body))
			if difference := cmp.Diff(test.want, got); err != nil || difference != "" {
				t.Errorf("%v %s", err, difference)
			}
		})
	}
	for _, body := range []string{``, `[]`, `<html>`, `{"id":{}}`} {
		if got, err := decodeUser([]byte(body)); err == nil || !strings.Contains(err.Error(), "SCIM") {
			t.Errorf("%q: %+v, %v", body, got, err)
		}
	}
}

package stories

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/servers"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// TestBucketStories runs the stories with the token cache in a bucket, for every store whose program is installed. With
// -short, it uses only the store that builds fastest.
func TestBucketStories(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the stories require Unix programs and permissions")
	}
	built := buildPrograms(t)
	schemes := servers.Schemes()
	if testing.Short() {
		schemes = []string{"gs"}
	}
	for _, scheme := range schemes {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			store, err := servers.Start(scheme)
			if missing := (*servers.MissingError)(nil); errors.As(err, &missing) {
				t.Skipf("%s:// cannot be tested: %v", scheme, missing)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := store.Stop(); err != nil {
					t.Error(err)
				}
			})
			testscript.Run(t, testscript.Params{
				Dir: "testdata/bucket",
				Setup: func(env *testscript.Env) error {
					if err := setUpWorld(env, built); err != nil {
						return err
					}
					return setUpBucket(t.Context(), env, store)
				},
				Cmds:                commands,
				Condition:           built.condition,
				RequireExplicitExec: true,
				RequireUniqueNames:  true,
			})
		})
	}
}

// setUpBucket gives a story its own bucket for the token cache.
func setUpBucket(ctx context.Context, env *testscript.Env, store *servers.Server) error {
	name := "test-" + strings.ToLower(rand.Text())
	if err := store.CreateBucket(ctx, name); err != nil {
		return err
	}
	for variable, value := range servers.Environment() {
		env.Setenv(variable, value)
	}
	location := store.Location(name, "tokens", store.Endpoint)
	env.Setenv("GOTO_TOKEN_CACHE", location)
	env.Setenv("BUCKET", store.Scheme+"://"+name+"/tokens")
	env.Setenv("NO_BUCKET", store.Location(name+"-no", "tokens", store.Endpoint))
	at, err := bucket.ParseLocation(location)
	if err != nil {
		return err
	}
	w, ok := env.Values[worldKey{}].(*world)
	if !ok {
		return errors.New("this story has no world")
	}
	w.bucket, w.store, w.bucketName = bucket.Open(at), store, name
	return nil
}

// bucketLeaks returns the secrets found in the objects of the bucket.
func (w *world) bucketLeaks(secrets []string) (found []string, err error) {
	entries, err := w.bucket.List(context.Background(), "")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		object, err := w.bucket.Get(context.Background(), entry.Name)
		if err != nil {
			return nil, err
		}
		for _, leak := range standin.Leaks(append(object.Contents, entry.Name...), secrets) {
			found = append(found, fmt.Sprintf("the object %s contains %s", entry.Name, leak))
		}
	}
	return found, nil
}

// checkObjects fails unless the bucket contains the given number of objects.
func checkObjects(ts *testscript.TestScript, w *world, args []string) {
	entries, err := w.bucket.List(context.Background(), "")
	ts.Check(err)
	if got := fmt.Sprint(len(entries)); got != strings.Join(args, " ") {
		ts.Fatalf("the bucket contains %s objects: %v", got, entries)
	}
}

// wipeBucket removes all objects of the bucket.
func wipeBucket(ts *testscript.TestScript, w *world, _ []string) {
	entries, err := w.bucket.List(context.Background(), "")
	ts.Check(err)
	for _, entry := range entries {
		ts.Check(w.bucket.Delete(context.Background(), entry.Name))
	}
}

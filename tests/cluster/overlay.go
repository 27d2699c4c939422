package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// decode lays the override over base, and says which condition types it names.
func decode[T any](base T, override string) (result T, named map[string]bool, err error) {
	if override == "" {
		return base, nil, nil
	}
	var under, over any
	text, err := json.Marshal(base)
	if err == nil {
		err = json.Unmarshal(text, &under)
	}
	if err == nil {
		err = json.Unmarshal([]byte(override), &over)
	}
	if _, ok := over.(map[string]any); err == nil && !ok {
		err = fmt.Errorf("want a JSON object, got %q", override)
	}
	if err == nil {
		text, err = json.Marshal(overlay(under, over))
	}
	if err != nil {
		return result, nil, err
	}
	named = map[string]bool{}
	conditions, _ := over.(map[string]any)["conditions"].([]any)
	for _, c := range conditions {
		named[itemKey(c)] = true
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields() // a misspelt field must not pass in silence
	return result, named, d.Decode(&result)
}

// overlay is a JSON merge patch (null deletes) with two differences: lists
// whose items have a "name" or a "type" merge item by item, where "*" stands
// for every item there is; and state and lastState are replaced, not merged.
func overlay(base, patch any) any {
	switch patch := patch.(type) {
	case map[string]any:
		out := map[string]any{}
		if b, ok := base.(map[string]any); ok && b != nil {
			out = maps.Clone(b)
		}
		for k, v := range patch {
			if v == nil {
				delete(out, k)
			} else if k == "state" || k == "lastState" {
				out[k] = v
			} else {
				out[k] = overlay(out[k], v)
			}
		}
		return out
	case []any:
		b, _ := base.([]any)
		if len(patch) == 0 || slices.ContainsFunc(patch, func(item any) bool { return itemKey(item) == "" }) {
			return patch
		}
		out := slices.Clone(b)
		for _, item := range patch {
			key, found := itemKey(item), false
			for i := range out {
				if key == "*" || key == itemKey(out[i]) {
					under, _ := out[i].(map[string]any)
					under, item := maps.Clone(under), maps.Clone(item.(map[string]any))
					maps.DeleteFunc(item, func(_ string, v any) bool { return v == "*" })
					if status, ok := item["status"]; ok && status != under["status"] {
						delete(under, "reason") // these two explained the old status
						delete(under, "message")
					}
					out[i], found = overlay(under, item), true
				}
			}
			if !found && key != "*" {
				out = append(out, item)
			}
		}
		return out
	}
	return patch
}

func itemKey(item any) string {
	m, _ := item.(map[string]any)
	for _, k := range []string{"name", "type"} {
		if s, ok := m[k].(string); ok {
			return s
		}
	}
	return ""
}

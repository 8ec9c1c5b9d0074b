import { describe, expect, it } from 'vitest';
import { goJson, renderTemplate, row } from '../../../src/format/template/template.ts';

const data = row({
  ID: 'abc',
  N: 3,
  B: true,
  Empty: '',
  Labels: { b: '2', a: '1' },
  List: ['x', 'y', 'z'],
  Nil: { Labels: null, Env: null, Other: null },
  Label: (name: string) => `<${name}>`,
  Inner: { Zed: 1, Labels: { z: '2', y: '1' } },
  Networks: { bridge: { IPAddress: '172.17.0.2' }, other: { IPAddress: '10.0.0.2' } },
});

describe('Go templates', () => {
  it.each([
    ['plain', 'plain'],
    ['{{.ID}} {{ .N }}', 'abc 3'],
    ['{{.Labels}} {{.List}} {{.B}}', 'map[a:1 b:2] [x y z] true'],
    ['{{json .List}}', '["x","y","z"]'],
    ['{{json .Labels}}', '{"a":"1","b":"2"}'],
    ['{{with .Labels}}{{.zz}}{{json .}}{{end}}', '<no value>{"a":"1","b":"2"}'],
    ['{{if .Inner.Health}}sick{{end}}{{.Inner.StopSignal}}{{.Inner.Health}}', '<nil>'],
    ['{{json .Inner}}', '{"Zed":1,"Labels":{"y":"1","z":"2"}}'],
    ['{{.Labels.a}}{{.Labels.zz}}', '1<no value>'],
    ['{{index .Labels "b"}} {{index .List 1}}', '2 y'],
    ['{{index .Labels "zz"}}|', '|'],
    ['{{.Nil.Labels}} {{.Nil.Env}} {{index .Nil.Labels "x"}}|{{len .Nil.Env}}', 'map[] [] |0'],
    [
      '{{json .Nil.Labels}} {{json .Nil.Env}} {{json .Nil}}',
      'null null {"Labels":null,"Env":null,"Other":null}',
    ],
    ['{{if .Nil.Labels}}some{{end}}{{range .Nil.Env}}some{{end}}{{.Nil.Other}}', '<nil>'],
    ['{{join .Nil.Env ","}}|', '|'],
    ['{{.Label "x"}}', '<x>'],
    ['{{"x" | .Label}}', '<x>'],
    ['{{range .Networks}}{{.IPAddress}} {{end}}', '172.17.0.2 10.0.0.2 '],
    ['{{range $k, $v := .Networks}}{{$k}}={{$v.IPAddress}};{{end}}', 'bridge=172.17.0.2;other=10.0.0.2;'],
    ['{{range $i, $e := .List}}{{if $i}},{{end}}{{$e}}{{end}}', 'x,y,z'],
    ['{{range .Empty | split "," }}{{else}}none{{end}}', ''],
    ['{{range .List}}{{if eq . "y"}}{{continue}}{{end}}{{.}}{{end}}', 'xz'],
    ['{{range .List}}{{if eq . "y"}}{{break}}{{end}}{{.}}{{end}}', 'x'],
    ['{{range .List}}{{$.ID}}{{end}}', 'abcabcabc'],
    ['{{if .Empty}}yes{{else if eq .ID "abc" "d"}}abc{{else}}no{{end}}', 'abc'],
    ['{{with .Empty}}{{.}}{{else}}{{.ID}}{{end}}', 'abc'],
    ['{{with $x := .N}}{{$x}}{{end}}', '3'],
    ['{{$x := 1}}{{$x = 2}}{{$x}}', '2'],
    ['{{join .List ", " | upper}}', 'X, Y, Z'],
    ['{{lower "ABC"}} {{title "ab cd"}} {{truncate .ID 2}} {{pad .ID 1 2}}|', 'abc Ab Cd ab  abc  |'],
    ['{{split "a,b" ","}}', '[a b]'],
    [
      '{{printf "%-5s|%5s|%05d|%q|%x|%.2f|%t|%v|%%" .ID .ID .N .ID .ID 1.5 .B .List}}',
      'abc  |  abc|00003|"abc"|616263|1.50|true|[x y z]|%',
    ],
    ['{{printf "%d" .ID}} {{printf "%s"}} {{printf "x" 1}}', '%!d(string=abc) %!s(MISSING) x%!(EXTRA int=1)'],
    ['{{println .ID .N}}', 'abc 3\n'],
    ['{{print 1 2 "a" "b"}}', '1 2ab'],
    ['{{len .List}} {{len .ID}} {{len .Labels}}', '3 3 2'],
    ['{{and .B .ID}} {{or .Empty .ID}} {{not .B}}', 'abc abc false'],
    ['{{if and .B (not .Empty)}}ok{{end}}', 'ok'],
    ['{{lt .N 4}} {{ge .N 4}} {{ne .ID "x"}}', 'true false true'],
    ['{{slice .ID 1 2}}', 'b'],
    ['{{(index .List 0) | printf "%q"}}', '"x"'],
    ['a {{- " b " -}} c', 'a b c'],
    ['{{/* nothing */}}x{{- /* and */ -}} y', 'xy'],
    ['{{`raw {{`}}{{"tab\\t"}}', 'raw {{tab\t'],
    ['{{nil | json}} {{true}}', 'null true'],
    ['{{html "<a>"}} {{urlquery "a b"}}', '&lt;a&gt; a+b'],
  ])('%s', (template, text) => {
    expect(renderTemplate(template, data)).toBe(text);
  });

  it.each([
    ['{{.Nope}}', "can't evaluate field Nope"],
    ['{{.Inner.Nope}}', 'map has no entry for key "Nope"'],
    ['{{range .Networks}}{{.Nope}}{{end}}', 'map has no entry for key "Nope"'],
    ['{{.Inner.Health.Status}}', 'no entry for key "Status"'],
    ['{{nope}}', 'function "nope" not defined'],
    ['{{.ID', 'unclosed action'],
    ['{{"abc}}', 'unterminated quoted string'],
    ['{{if .B}}x', 'unexpected EOF'],
    ['{{end}}', 'unexpected {{end}}'],
    ['{{}}', 'missing value for command'],
    ['{{$x}}', 'undefined variable "$x"'],
    ['{{index .List 9}}', 'index out of range: 9'],
    ['{{.ID.Deeper}}', "can't evaluate field Deeper in type string"],
    ['{{.ID 1}}', 'ID is not a method but has arguments'],
    ['{{break}}', '{{break}} outside {{range}}'],
    ['{{join .ID ","}}', 'expected a list'],
  ])('%s is refused', (template, sentence) => {
    expect(() => renderTemplate(template, data)).toThrow(sentence);
  });

  it("doesn't reach what lies behind an object", () => {
    expect(() => renderTemplate('{{.constructor}}', {})).toThrow('no entry for key "constructor"');
    expect(() => renderTemplate('{{.__proto__}}', row({}))).toThrow("can't evaluate field");
  });

  it("writes JSON with HTML's characters escaped", () => {
    expect(goJson({ a: '<&>' })).toBe('{"a":"\\u003c\\u0026\\u003e"}');
  });
});

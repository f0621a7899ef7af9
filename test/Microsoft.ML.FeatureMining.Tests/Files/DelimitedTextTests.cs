using FsCheck;
using FsCheck.Fluent;
using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Tests.Files;

public sealed class DelimitedTextTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a,b\nc,d", "a|b", "c|d")]
    [InlineData("a,b\r\nc,d\r\n", "a|b", "c|d")]
    [InlineData("\n\na,b\n\n\r\nc,d\n\n", "a|b", "c|d")]
    [InlineData("a,\n,d\n", "a|", "|d")]
    [InlineData("\"a,b\",\"say \"\"x\"\"\"\n\"\",\"two\r\nlines\"", "a,b|say \"x\"", "|two\r\nlines")]
    [InlineData("\uFEFFa,b\nc,d", "a|b", "c|d")]
    [InlineData("Müller,北京\n \t, ", "Müller|北京", " \t| ")]
    public void Read_WellFormedText_GivesItsFields(string text, params string[] expected)
    {
        Assert.Equal(expected, Read(text).Select(record => string.Join('|', record.Fields)));
    }

    [Theory]
    [InlineData("a,b\nc\n", "line 2: there are 1 fields")]
    [InlineData("a,b\n\n\nc,d,e\n", "line 4: there are 3 fields")]
    [InlineData("a,b\nc,d\"e", "line 2: there is a quote")]
    [InlineData("a,b\nc,\"d", "line 2: the quote is never closed")]
    [InlineData("a,\"b\n\n\"x\n", "line 3: there is text after")]
    [InlineData("a,b\rc,d", "line 1: there is a carriage return")]
    public void Read_Damage_NamesFileAndLine(string text, string expected)
    {
        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => Read(text).Count);

        Assert.Contains(_folder["list.csv"], refusal.Message);
        Assert.Contains(expected, refusal.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"")]
    public void Read_FieldThatWouldFillTheMemory_IsRejected(string quote)
    {
        string longest = new('x', 1 << 20);

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => Read($"a,b\nc,{quote}{longest}x{quote}\n").Count);

        Assert.Contains("line 2: a field has more than 1048576 characters", refusal.Message);
        Assert.Equal(longest, Read($"a,b\nc,{quote}{longest}{quote}\n")[1].Fields[1]);
    }

    [Fact]
    public void Read_NotUtf8_IsRejected()
    {
        string path = _folder.Write("list.csv", [(byte)'a', (byte)',', 0xFF, 0xFE, (byte)'\n']);

        Assert.Contains("UTF-8", Assert.Throws<InvalidDataException>(() => DelimitedText.Read(path, ',').Count()).Message);
    }

    [Fact]
    public void Read_WrittenText_RoundTrips() =>
        PropertyAssert.Holds(
            Prop.ForAll<NonEmptyArray<string>, bool>(
                (fields, crlf) =>
                {
                    // An empty line is not a record.
                    string[] first = [.. fields.Get.Select(Clean)];
                    if (first is [""])
                    {
                        return true;
                    }

                    string[][] records = [first, [.. first.Reverse()]];
                    string text = string.Join(crlf ? "\r\n" : "\n", records.Select(record => string.Join('\t', record.Select(Quoted))));

                    string[][] read = [.. Read(text, '\t').Select(record => record.Fields)];

                    return read.Length == 2 && read[0].SequenceEqual(records[0]) && read[1].SequenceEqual(records[1]);

                    static string Quoted(string field) => field.AsSpan().IndexOfAny("\t\"\r\n") >= 0 ? $"\"{field.Replace("\"", "\"\"")}\"" : field;
                    static string Clean(string? field) => new([.. (field ?? "").Where(c => !char.IsSurrogate(c) && c != '\uFEFF')]);
                }
            )
        );

    private List<DelimitedRecord> Read(string text, char separator = ',') => [.. DelimitedText.Read(_folder.Write("list.csv", text), separator)];
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>A hierarchy is one string in JSON: a tree of objects would run into the depth limits of readers.</summary>
internal sealed class ClassHierarchyConverter : JsonConverter<ClassHierarchy>
{
    public override ClassHierarchy? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return ClassHierarchy.Parse(reader.GetString() ?? throw new JsonException("A hierarchy is a string."));
        }
        catch (FormatException e)
        {
            throw new JsonException(e.Message, e);
        }
    }

    public override void Write(Utf8JsonWriter writer, ClassHierarchy value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

using System.Text;

namespace Microsoft.ML.Data;

/// <summary>A schema as bytes. Columns and annotations of types of others' making are left out.</summary>
internal static class SchemaFormat
{
    public static void Write(Stream stream, DataViewSchema schema)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        DataViewSchema.Column[] columns = [.. schema.Where(c => TypeFormat.CanWrite(c.Type))];
        writer.Write(columns.Length);
        foreach (DataViewSchema.Column column in columns)
        {
            writer.Write(column.Name);
            TypeFormat.Write(writer, column.Type);
            DataViewSchema.Column[] annotations = [.. column.Annotations.Schema.Where(a => TypeFormat.CanWrite(a.Type))];
            writer.Write(annotations.Length);
            foreach (DataViewSchema.Column annotation in annotations)
            {
                writer.Write(annotation.Name);
                TypeFormat.Write(writer, annotation.Type);
                ValueFormat.WriteAnnotation(writer, column.Annotations, annotation);
            }
        }
    }

    public static DataViewSchema Read(Stream stream)
    {
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        var schema = new DataViewSchema.Builder();
        for (int columns = reader.ReadInt32(); columns > 0; columns--)
        {
            string name = reader.ReadString();
            DataViewType type = TypeFormat.Read(reader);
            var annotations = new DataViewSchema.Annotations.Builder();
            for (int count = reader.ReadInt32(); count > 0; count--)
            {
                string kind = reader.ReadString();
                DataViewType annotationType = TypeFormat.Read(reader);
                annotations.Add(kind, annotationType, ValueFormat.ReadAnnotation(reader, annotationType));
            }

            schema.AddColumn(name, type, annotations.ToAnnotations());
        }

        return schema.ToSchema();
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Microsoft.ML.Data;

/// <summary>Values of primitive types, and vectors of them, as bytes.</summary>
internal static class ValueFormat
{
    public static void Write<T>(BinaryWriter writer, T value)
    {
        if (value is ReadOnlyMemory<char> text)
            writer.Write(text.ToString());
        else
            writer.Write(MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<T, byte>(ref value), Unsafe.SizeOf<T>()));
    }

    public static T Read<T>(BinaryReader reader)
    {
        if (typeof(T) == typeof(ReadOnlyMemory<char>))
            return (T)(object)reader.ReadString().AsMemory();
        T value = default;
        reader.BaseStream.ReadExactly(MemoryMarshal.CreateSpan(ref Unsafe.As<T, byte>(ref value), Unsafe.SizeOf<T>()));
        return value;
    }

    public static void WriteAnnotation(BinaryWriter writer, DataViewSchema.Annotations annotations, DataViewSchema.Column annotation)
        => Getters.Generic(typeof(ValueFormat), Method(annotation.Type, nameof(WriteVector), nameof(WriteScalar)), [Item(annotation.Type)], writer, annotations, annotation.Name);

    /// <summary>A getter of the annotation's value.</summary>
    public static Delegate ReadAnnotation(BinaryReader reader, DataViewType type)
        => (Delegate)Getters.Generic(typeof(ValueFormat), Method(type, nameof(ReadVector), nameof(ReadScalar)), [Item(type)], reader);

    private static string Method(DataViewType type, string vector, string scalar) => type is VectorDataViewType ? vector : scalar;

    private static Type Item(DataViewType type) => ColumnTypes.ItemOf(type).RawType;

    private static void WriteScalar<T>(BinaryWriter writer, DataViewSchema.Annotations annotations, string kind)
    {
        T value = default;
        annotations.GetValue(kind, ref value);
        Write(writer, value);
    }

    private static void WriteVector<T>(BinaryWriter writer, DataViewSchema.Annotations annotations, string kind)
    {
        VBuffer<T> buffer = default;
        annotations.GetValue(kind, ref buffer);
        writer.Write(buffer.Length);
        foreach (T value in buffer.DenseValues())
            Write(writer, value);
    }

    private static ValueGetter<T> ReadScalar<T>(BinaryReader reader)
    {
        T read = Read<T>(reader);
        return (ref T value) => value = read;
    }

    private static ValueGetter<VBuffer<T>> ReadVector<T>(BinaryReader reader)
    {
        T[] items = ArrayFormat.Read(reader, _ => Read<T>(reader));
        var read = new VBuffer<T>(items.Length, items);
        return (ref VBuffer<T> value) => read.CopyTo(ref value);
    }
}

using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Column types as bytes.</summary>
internal static class TypeFormat
{
    private const byte Vector = 100;
    private const byte Key = 101;

    public static bool CanWrite(DataViewType type)
        => type is VectorDataViewType vector ? CanWrite(vector.ItemType) : type is KeyDataViewType || KindOrNull(type) is not null;

    public static void Write(BinaryWriter writer, DataViewType type)
    {
        switch (type)
        {
            case VectorDataViewType vector:
                writer.Write(Vector);
                writer.Write(vector.Dimensions.Length);
                foreach (int dimension in vector.Dimensions)
                    writer.Write(dimension);
                Write(writer, vector.ItemType);
                break;
            case KeyDataViewType key:
                writer.Write(Key);
                writer.Write(key.Count);
                Write(writer, ColumnTypes.Primitive(key.RawType));
                break;
            default:
                writer.Write((byte)(KindOrNull(type) ?? throw Contracts.Except($"A column of type {type} cannot be saved")));
                break;
        }
    }

    public static DataViewType Read(BinaryReader reader)
    {
        byte kind = reader.ReadByte();
        if (kind == Vector)
        {
            int[] dimensions = ArrayFormat.Read(reader, _ => reader.ReadInt32());
            return new VectorDataViewType((PrimitiveDataViewType)Read(reader), dimensions);
        }

        if (kind == Key)
        {
            ulong count = reader.ReadUInt64();
            return new KeyDataViewType(Read(reader).RawType, count);
        }

        return ColumnTypes.Primitive((DataKind)kind);
    }

    private static DataKind? KindOrNull(DataViewType type)
    {
        foreach (DataKind kind in Enum.GetValues<DataKind>())
        {
            if (kind is not (DataKind.TimeSpan or DataKind.DateTimeOffset) && ColumnTypes.Primitive(kind).Equals(type))
                return kind;
        }

        return null;
    }
}

using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>What stands before a component's own bytes.</summary>
internal readonly record struct ModelHeader(string Signature, uint Written, uint Readable, string LoaderName, string LoaderSignature)
{
    private const uint Magic = 0x4d464c4d;

    public static ModelHeader Read(BinaryReader reader)
    {
        Contracts.CheckDecode(reader.ReadUInt32() == Magic, "Wrong file type");
        return new ModelHeader(reader.ReadString(), reader.ReadUInt32(), reader.ReadUInt32(), reader.ReadString(), reader.ReadString());
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write(Magic);
        writer.Write(Signature);
        writer.Write(Written);
        writer.Write(Readable);
        writer.Write(LoaderName);
        writer.Write(LoaderSignature);
    }

    public void Check(VersionInfo version)
    {
        Contracts.CheckDecode(Signature == version.ModelSignature, "Unknown file type");
        Contracts.CheckDecode(Readable <= Written, "Corrupt file header");
        Contracts.CheckDecode(Readable <= version.VerWrittenCur, $"Component '{LoaderSignature}' of the model is too new: version {Readable}, at most {version.VerWrittenCur} can be read.");
        Contracts.CheckDecode(Written >= version.VerWeCanReadBack, $"Component '{LoaderSignature}' of the model is too old: version {Written}, at least {version.VerWeCanReadBack} can be read.");
    }
}
